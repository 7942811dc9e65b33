"""The networks of a pack, for training: the reference key names, so that a state dictionary is a checkpoint.

Shapes as in ../../docs/architecture.md: B batch, L W+ layers, D the width of a W vector, C channels. The widths
below are the pack's; convert.py writes them into pack.json.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

SIZE = 128
LAYERS = 12  # W+ layers of 128 pixels
STYLE = 96  # D
GROUPS = [4, 4, 4]
WIDTH = 128  # of CLIP's features and the tokens of the conditional model

GENERATOR_CHANNELS = [256, 256, 192, 96, 48, 24]
ENCODER_WIDTHS, ENCODER_UNITS = [24, 48, 96, 160], [2, 2, 6, 2]
COARSE, MIDDLE = 4, 12  # heads on the 8x8 map, then on the 16x16 map
FRAME_CHANNELS = [8, 32, 64, 128, 192]
STATE, FIELD, FIELD_LAYERS = 64, 48, 2
SELF_LAYERS, CROSS_LAYERS, HEADS = 2, 3, 4
MODULES = [3, 3, 3]
DELTA = 0.5
CLIP = dict(patch=16, vision=(128, 2, 4), text=(128, 2, 3), context=77)


def channels_last(x):
    return x.contiguous(memory_format=torch.channels_last)


class EqualLinear(nn.Module):
    def __init__(self, inputs, outputs, bias=0.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x):
        return F.linear(x, self.weight * self.gain, self.bias)


class Named(nn.Module):
    """A module that only gives its parameters a name."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


# --- StyleGAN2 ---------------------------------------------------------------------------------------------


class Modulated(nn.Module):
    """A modulated convolution; the style scales its inputs instead of its weights, which is the same."""

    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, outputs, inputs, kernel, kernel))
        self.modulation = EqualLinear(STYLE, inputs, bias=1.0)
        self.gain = 1 / math.sqrt(inputs * kernel * kernel)


def upsampling_phases():
    """[9, 36]: from a 3x3 kernel of the strided transposed convolution, with the blur after it, to 2x2 phases."""
    k = torch.tensor([1.0, 3.0, 3.0, 1.0])
    blur = 4 * torch.outer(k, k)[None, None] / 64
    units = F.pad(torch.eye(9).reshape(9, 1, 3, 3), (3, 3, 3, 3))
    six = F.conv2d(units, blur).reshape(9, 3, 2, 3, 2)
    return six.flip(1, 3).permute(0, 2, 4, 1, 3).reshape(9, 36)


class StyledConv(nn.Module):
    def __init__(self, inputs, outputs, upsamples):
        super().__init__()
        self.conv = Modulated(inputs, outputs, 3)
        self.noise = Named(weight=nn.Parameter(torch.zeros(1), requires_grad=False))
        self.activate = Named(bias=nn.Parameter(torch.zeros(outputs)))
        self.upsamples = upsamples
        self.register_buffer("phases", upsampling_phases(), persistent=False)

    def forward(self, x, w):
        conv = self.conv
        weight = conv.weight[0] * conv.gain
        style = conv.modulation(w)  # [B, I]
        demodulation = torch.rsqrt(style.square() @ weight.square().sum((2, 3)).t() + 1e-8)  # [B, O]
        x = x * style.to(x.dtype)[:, :, None, None]
        if self.upsamples:
            x = self.upsampled(x, weight)
        else:
            x = F.conv2d(x, weight.to(x.dtype), padding=1)
        root = math.sqrt(2)
        x = torch.addcmul(
            (self.activate.bias * root).to(x.dtype)[None, :, None, None],
            x,
            (demodulation * root).to(x.dtype)[:, :, None, None],
        )
        return F.leaky_relu(x, 0.2)

    def upsampled(self, x, weight):
        """The strided transposed convolution and the blur as one 3x3 convolution to four phases."""
        O, I = weight.shape[:2]
        phases = (weight.reshape(O * I, 9) @ self.phases).reshape(O, I, 2, 2, 3, 3)
        phases = phases.permute(2, 3, 0, 1, 4, 5).reshape(4 * O, I, 3, 3)
        y = F.conv2d(x, phases.to(x.dtype), padding=1)  # [B, 4 O, H, W]
        B, _, H, W = y.shape
        y = y.permute(0, 2, 3, 1).reshape(B, H, W, 2, 2, O).permute(0, 1, 3, 2, 4, 5)
        return y.reshape(B, 2 * H, 2 * W, O).permute(0, 3, 1, 2)


class ToRGB(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.conv = Modulated(inputs, 3, 1)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, x, w, skip=None):
        B, C, H, W = x.shape
        conv = self.conv
        weight = conv.weight[0, :, :, 0, 0] * conv.gain * conv.modulation(w)[:, None, :]  # [B, 3, C]
        flat = x.permute(0, 2, 3, 1).reshape(B, H * W, C)
        rgb = torch.bmm(flat, weight.to(x.dtype).transpose(1, 2)).float()
        rgb = rgb.transpose(1, 2).reshape(B, 3, H, W) + self.bias
        if skip is None:
            return rgb
        # The FIR kernel 1 3 3 1 between zeros is bilinear interpolation, zeros around the picture.
        up = F.interpolate(F.pad(skip, (1, 1, 1, 1)), scale_factor=2.0, mode="bilinear", align_corners=False)
        return rgb + up[:, :, 2:-2, 2:-2]


class Generator(nn.Module):
    """W+ codes [B, L, D] to pictures [B, 3, 128, 128] around -1...1."""

    def __init__(self):
        super().__init__()
        c = GENERATOR_CHANNELS
        self.input = Named(input=nn.Parameter(torch.randn(1, c[0], 4, 4)))
        self.conv1 = StyledConv(c[0], c[0], False)
        self.to_rgb1 = ToRGB(c[0])
        self.convs, self.to_rgbs = nn.ModuleList(), nn.ModuleList()
        for i, o in zip(c[:-1], c[1:]):
            self.convs += [StyledConv(i, o, True), StyledConv(o, o, False)]
            self.to_rgbs.append(ToRGB(o))

    def forward(self, w, dtype=torch.float32):
        x = channels_last(self.input.input.to(dtype).repeat(len(w), 1, 1, 1))
        with torch.autocast(w.device.type, enabled=False):
            w = w.float()
            x = self.conv1(x, w[:, 0])
            rgb = self.to_rgb1(x, w[:, 1])
            for level, to_rgb in enumerate(self.to_rgbs):
                x = self.convs[2 * level](x, w[:, 2 * level + 1])
                x = self.convs[2 * level + 1](x, w[:, 2 * level + 2])
                rgb = to_rgb(x, w[:, 2 * level + 3], rgb)
        return rgb


# --- pSp ----------------------------------------------------------------------------------------------------


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, reduction=8):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1, bias=False)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Bottleneck(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride, self.same = stride, inputs == outputs
        if not self.same:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs, momentum=0.02)
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inputs, momentum=0.02),
            nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs, momentum=0.02),
            SqueezeExcitation(outputs),
        )

    def forward(self, x):
        kept = x[:, :, :: self.stride, :: self.stride] if self.same else self.shortcut_layer(x)
        return self.res_layer(x) + kept


class StyleHead(nn.Module):
    def __init__(self, inputs, grid):
        super().__init__()
        parts, width = [], inputs
        while grid > 1:
            parts += [nn.Conv2d(width, STYLE, 3, 2, 1), nn.LeakyReLU(0.01)]
            grid, width = grid // 2, STYLE
        self.convs = nn.Sequential(*parts)
        self.linear = EqualLinear(STYLE, STYLE)

    def forward(self, x):
        x = self.convs(x).flatten(1).float()
        with torch.autocast(x.device.type, enabled=False):
            return self.linear(x)


class Encoder(nn.Module):
    """Pictures [B, 3, 128, 128] in -1...1 to W+ codes [B, L, D], the average added."""

    def __init__(self):
        super().__init__()
        widths = ENCODER_WIDTHS
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, widths[0], 3, 1, 1, bias=False),
            nn.BatchNorm2d(widths[0], momentum=0.02),
            nn.PReLU(widths[0]),
        )
        units, inputs = [], widths[0]
        for width, count in zip(widths, ENCODER_UNITS):
            for index in range(count):
                units.append(Bottleneck(inputs, width, 2 if index == 0 else 1))
                inputs = width
        self.body = nn.ModuleList(units)
        ends = [sum(ENCODER_UNITS[: n + 1]) - 1 for n in range(4)]
        self.taps = ends[1:]
        self.latlayer1 = nn.Conv2d(widths[2], widths[3], 1)
        # The 32x32 map has no head here; its layer stays as it was drawn.
        self.latlayer2 = nn.Conv2d(widths[1], widths[3], 1).requires_grad_(False)
        self.styles = nn.ModuleList(
            StyleHead(widths[3], 8 if index < COARSE else 16) for index in range(LAYERS)
        )
        average = torch.zeros(LAYERS, STYLE)
        first = 0
        # The mapper divides by the root mean square over the layers of a group: these constants keep it
        # nearly linear, where codes of equal layers would lose their magnitude.
        for count in GROUPS:
            average[first], average[first + 1] = 1.0, -1.0
            first += count
        self.register_buffer("latent_avg", average)

    def forward(self, x):
        x = self.input_layer(channels_last(x))
        maps = []
        for index, unit in enumerate(self.body):
            x = unit(x)
            if index in self.taps:
                maps.append(x)
        c2, c3 = maps[1], maps[2]
        up = F.interpolate(c3, size=c2.shape[2:], mode="bilinear", align_corners=True)
        p2 = up + self.latlayer1(c2)
        codes = [head(c3 if i < COARSE else p2) for i, head in enumerate(self.styles)]
        return torch.stack(codes, 1).float() + self.latent_avg


# --- CLIP ---------------------------------------------------------------------------------------------------


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class SelfAttention(nn.Module):
    """nn.MultiheadAttention's tensors, without its checks."""

    def __init__(self, width, heads):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * width**-0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        self.heads = heads

    def forward(self, x, causal):
        B, T, W = x.shape
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        split = lambda a: a.reshape(B, T, self.heads, -1).transpose(1, 2)
        y = F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=causal)
        return self.out_proj(y.transpose(1, 2).reshape(B, T, W))


class ResidualAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attn = SelfAttention(width, heads)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, 4 * width))
        self.mlp.add_module("gelu", QuickGELU())
        self.mlp.add_module("c_proj", nn.Linear(4 * width, width))

    def forward(self, x, causal=False):
        x = x + self.attn(self.ln_1(x), causal)
        return x + self.mlp(self.ln_2(x))


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        width, heads, layers = CLIP["vision"]
        self.conv1 = nn.Conv2d(3, width, CLIP["patch"], CLIP["patch"], bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * width**-0.5)
        count = (SIZE // CLIP["patch"]) ** 2 + 1
        self.positional_embedding = nn.Parameter(torch.randn(count, width) * width**-0.5)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = Named(
            resblocks=nn.ModuleList(ResidualAttention(width, heads) for _ in range(layers))
        )
        self.proj = nn.Parameter(torch.randn(width, WIDTH) * width**-0.5)

    def forward(self, x):
        x = self.conv1(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.to(x.dtype).expand(len(x), 1, -1), x], 1)
        x = self.ln_pre(x + self.positional_embedding)
        for block in self.transformer.resblocks:
            x = block(x)
        x = self.ln_post(x[:, 0]).float()
        with torch.autocast(x.device.type, enabled=False):
            return x @ self.proj


class ClipModel(nn.Module):
    MEAN = (0.48145466, 0.4578275, 0.40821073)
    DEVIATION = (0.26862954, 0.26130258, 0.27577711)

    def __init__(self, vocabulary):
        super().__init__()
        width, heads, layers = CLIP["text"]
        self.visual = Vision()
        self.token_embedding = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        self.positional_embedding = nn.Parameter(torch.randn(CLIP["context"], width) * 0.01)
        self.transformer = Named(
            resblocks=nn.ModuleList(ResidualAttention(width, heads) for _ in range(layers))
        )
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, WIDTH) * width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.register_buffer("mean", torch.tensor(self.MEAN)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(self.DEVIATION)[:, None, None], persistent=False)

    def image(self, x):
        """Pictures in -1...1 to features, not normalised."""
        return self.visual(((x + 1) / 2 - self.mean) / self.deviation)

    def text(self, tokens):
        """Token ids [B, T], 0 behind the end (the largest id), to features, not normalised."""
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        for block in self.transformer.resblocks:
            x = block(x, causal=True)
        end = tokens.argmax(1)
        x = torch.gather(x, 1, end[:, None, None].expand(-1, 1, x.shape[2]))[:, 0]
        x = self.ln_final(x).float()
        with torch.autocast(x.device.type, enabled=False):
            return x @ self.text_projection


# --- Dynamics -----------------------------------------------------------------------------------------------


class ActivatedConv(nn.Module):
    """A convolution with equalised weights, bias and leaky ReLU times the square root of 2."""

    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.Conv = Named(weight=nn.Parameter(torch.randn(outputs, inputs, kernel, kernel)))
        self.Act = Named(bias=nn.Parameter(torch.zeros(outputs)))
        self.stride, self.gain = stride, 1 / math.sqrt(inputs * kernel * kernel)

    def forward(self, x):
        root = math.sqrt(2)
        y = F.conv2d(
            x,
            (self.Conv.weight * self.gain * root).to(x.dtype),
            (self.Act.bias * root).to(x.dtype),
            self.stride,
        )
        return F.leaky_relu(y, 0.2)


def reflected(x, after):
    """One row and column before, and `after` so many behind, by reflection."""
    for dim in [2, 3]:
        size = x.shape[dim]
        parts = [x.narrow(dim, 1, 1), x] + [x.narrow(dim, size - 2, 1)] * after
        x = torch.cat(parts, dim)
    return x


class DownBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = ActivatedConv(inputs, inputs, 3)
        self.conv2 = ActivatedConv(inputs, outputs, 3, stride=2)
        self.skip = Named(Conv=Named(weight=nn.Parameter(torch.randn(outputs, inputs, 1, 1))))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x):
        y = self.conv2(reflected(self.conv1(reflected(x, 1)), 0))
        kept = F.conv2d(x[:, :, ::2, ::2], (self.skip.Conv.weight * self.gain).to(x.dtype))
        return (y + kept) * math.sqrt(0.5)


class FrameEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        c = FRAME_CHANNELS
        self.FromRGB = ActivatedConv(3, c[0], 1)
        self.DownToSpatialCode = nn.Sequential()
        for index in range(len(c) - 1):
            self.DownToSpatialCode.add_module(
                f"ResBlockDownBy{1 << index}", DownBlock(c[index], c[index + 1])
            )
        self.ToSpatialCode = nn.ModuleList(
            [
                ActivatedConv(c[-1], c[-1], 1),
                Named(
                    Conv=Named(
                        weight=nn.Parameter(torch.randn(STATE, c[-1], 1, 1)),
                        bias=nn.Parameter(torch.zeros(STATE)),
                    )
                ),
            ]
        )

    def forward(self, x, dtype):
        """Pictures [B, 3, 128, 128] in 0...1 to codes [B, K, 8, 8] of unit length at each cell."""
        return self.late(self.early(x, dtype))

    def early(self, x, dtype):
        """The first half: pictures to maps [B, 64, 32, 32]."""
        with torch.autocast(x.device.type, enabled=False):
            return self.DownToSpatialCode[:2](self.FromRGB(channels_last(x.to(dtype))))

    def late(self, x):
        """The second half, from maps to codes, in the maps' precision up to the last layer."""
        with torch.autocast(x.device.type, enabled=False):
            x = self.ToSpatialCode[0](self.DownToSpatialCode[2:](x))
            last = self.ToSpatialCode[1].Conv
            gain = 1 / math.sqrt(FRAME_CHANNELS[-1])
            x = F.conv2d(x, (last.weight * gain).to(x.dtype), last.bias.to(x.dtype)).float()
        return x * torch.rsqrt(x.square().sum(1, keepdim=True) + 1e-8)


class Field(nn.Module):
    """dz/dt = f(z)."""

    def __init__(self):
        super().__init__()
        parts = [nn.Conv2d(STATE, FIELD, 3, padding=1)]
        for _ in range(FIELD_LAYERS):
            parts += [nn.Tanh(), nn.Conv2d(FIELD, FIELD, 3, padding=1)]
        parts += [nn.Tanh(), nn.Conv2d(FIELD, STATE, 3, padding=1)]
        self.gradient_net = nn.Sequential(*parts)

    def forward(self, z):
        return self.gradient_net(z)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        cell = nn.Module()
        cell.conv_gates = nn.Conv2d(2 * STATE, 2 * STATE, 3, padding=1)
        cell.conv_can = nn.Conv2d(2 * STATE, STATE, 3, padding=1)
        self.cell_list = nn.ModuleList([cell])
        self.z0_diffeq_solver = Named(ode_func=Field())
        self.transform_z0 = nn.Sequential(
            nn.Conv2d(STATE, STATE, 1), nn.ReLU(), nn.Conv2d(STATE, 2 * STATE, 1)
        )

    def forward(self, codes, times):
        """Codes [B, T, K, h, w] at times [B, T] to z_d0 [B, C, h, w]."""
        cell, field = self.cell_list[0], self.z0_diffeq_solver.ode_func
        B, T = times.shape
        h = channels_last(codes.new_zeros(B, STATE, 8, 8))
        previous = times[:, -1] + 0.01
        for index in range(T - 1, -1, -1):
            h = h + field(h) * (times[:, index] - previous)[:, None, None, None]
            x = channels_last(codes[:, index])
            r, u = torch.sigmoid(cell.conv_gates(torch.cat([x, h], 1))).chunk(2, 1)
            candidate = torch.tanh(cell.conv_can(torch.cat([x, r * h], 1)))
            h = h + u * (candidate - h)
            previous = times[:, index]
        return self.transform_z0(h)[:, :STATE]


class Dynamics(nn.Module):
    """`bVAE_enc.*` of a checkpoint: the dynamics encoder and the latent ODE."""

    def __init__(self):
        super().__init__()
        self.swapae_encoder = FrameEncoder()
        self.encoder_z0 = Recurrent()
        self.diffeq_solver = Named(ode_func=Field())
        self.conv1x1 = nn.Conv2d(STATE, WIDTH, 1)
        for field in [self.encoder_z0.z0_diffeq_solver.ode_func, self.diffeq_solver.ode_func]:
            with torch.no_grad():
                field.gradient_net[-1].weight.mul_(0.5)

    def codes(self, frames, dtype):
        """Frames [..., 3, 128, 128] in 0...1 to codes [..., K, 8, 8]."""
        lead = frames.shape[:-3]
        return self.swapae_encoder(frames.flatten(0, -4), dtype).float().unflatten(0, lead)

    def encode(self, frames, times, dtype):
        """Frames [B, T, 3, 128, 128] in 0...1 at times [B, T] to z_d0."""
        return self.encoder_z0(self.codes(frames, dtype), times)

    def trajectory(self, z, steps, h):
        """States and slopes at steps of length h, by the classical Runge-Kutta method: two [N+1, B, C, h, w]."""
        f = self.diffeq_solver.ode_func
        z = channels_last(z)
        states, slopes = [z], []
        for _ in range(steps):
            k1 = f(z)
            k2 = f(z + (h / 2) * k1)
            k3 = f(z + (h / 2) * k2)
            k4 = f(z + h * k3)
            slopes.append(k1)
            z = z + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4)
            states.append(z)
        slopes.append(f(z))
        return torch.stack(states), torch.stack(slopes)


# --- The conditional model ----------------------------------------------------------------------------------


class ProjectedAttention(nn.Module):
    def __init__(self):
        super().__init__()
        for name in ["query", "key", "value", "proj"]:
            setattr(self, name, nn.Linear(WIDTH, WIDTH))

    def forward(self, x, context):
        split = lambda a: a.reshape(*a.shape[:2], HEADS, -1).transpose(1, 2)
        y = F.scaled_dot_product_attention(
            split(self.query(x)), split(self.key(context)), split(self.value(context))
        )
        return self.proj(y.transpose(1, 2).reshape(x.shape))


def feed_forward(factor):
    return nn.Sequential(nn.Linear(WIDTH, factor * WIDTH), nn.GELU(), nn.Linear(factor * WIDTH, WIDTH))


class SelfBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn, self.mlp = ProjectedAttention(), feed_forward(4)

    def forward(self, x):
        y = self.ln1(x)
        x = x + self.attn(y, y)
        return x + self.mlp(self.ln2(x))


class CrossBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.x_ln1, self.y_ln1, self.ln2 = (nn.LayerNorm(WIDTH) for _ in range(3))
        self.attn, self.mlp = ProjectedAttention(), feed_forward(2)

    def forward(self, x, context):
        x = x + self.attn(self.x_ln1(x), self.y_ln1(context))
        return x + self.mlp(self.ln2(x))


class ModulationNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.dyn_pos_emb = nn.Parameter(torch.randn(1, 64, WIDTH) * 0.3)
        self.content_pos_emd = nn.Parameter(torch.randn(1, 1, WIDTH) * 0.02)
        self.slf_blocks = nn.ModuleList(SelfBlock() for _ in range(SELF_LAYERS))
        self.blocks = nn.ModuleList(
            nn.ModuleList([CrossBlock(), CrossBlock()]) for _ in range(CROSS_LAYERS)
        )
        self.ln_f = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))
        self.head = nn.ModuleList(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))

    def forward(self, dynamics, style):
        """Projected states [B, W, 8, 8] and styles [B, W] to three conditional vectors [B, W].

        Styles [B, M, W] are M of each state; the vectors are then [B M, W].
        """
        context = dynamics.flatten(2).transpose(1, 2) + self.dyn_pos_emb
        for block in self.slf_blocks:
            context = block(context)
        query = style.reshape(len(context), -1, WIDTH) + self.content_pos_emd
        outputs = []
        for stack in range(2):
            x = query
            for pair in self.blocks:
                x = pair[stack](x, context)
            outputs.append(x)
        outputs.append(query)
        return [head(norm(x)).flatten(0, 1) for x, norm, head in zip(outputs, self.ln_f, self.head)]


class ModulationModule(nn.Module):
    def __init__(self, is_last):
        super().__init__()
        self.fc = nn.Linear(STYLE, STYLE)
        self.is_last = is_last
        for name in ["gamma_function", "beta_function"]:
            function = nn.Sequential(
                nn.Linear(WIDTH, STYLE), nn.LayerNorm(STYLE), nn.LeakyReLU(0.01), nn.Linear(STYLE, STYLE)
            )
            with torch.no_grad():
                function[3].weight.mul_(0.3)
            setattr(self, name, function)

    def forward(self, x, condition):
        x = F.layer_norm(self.fc(x), x.shape[1:])
        x = x * (1 + self.gamma_function(condition)[:, None]) + self.beta_function(condition)[:, None]
        return x if self.is_last else F.leaky_relu(x, 0.01)


class GroupMapping(nn.Module):
    def __init__(self, count):
        super().__init__()
        modules = nn.ModuleList(ModulationModule(index == count - 1) for index in range(count))
        self.mapper = Named(modulation_module_list=modules)

    def forward(self, x, condition):
        x = x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)
        for module in self.mapper.modulation_module_list:
            x = module(x, condition)
        return x


class Mapper(nn.Module):
    def __init__(self):
        super().__init__()
        self.coarse_mapping, self.medium_mapping, self.fine_mapping = map(GroupMapping, MODULES)

    def forward(self, content, conditions):
        parts = content.split(GROUPS, 1)
        maps = [self.coarse_mapping, self.medium_mapping, self.fine_mapping]
        return torch.cat([m(x, c) for m, x, c in zip(maps, parts, conditions)], 1)


class Conditional(nn.Module):
    """`modulation_network.*` and `style_mapper.*`: content, style and dynamics to codes of frames."""

    def __init__(self):
        super().__init__()
        self.modulation_network = ModulationNetwork()
        self.style_mapper = Mapper()

    def forward(self, content, style, dynamics):
        return content + DELTA * self.style_mapper(content, self.modulation_network(dynamics, style))
