"""The same work by PyTorch, as its users would run it at its best.

The program answers on standard output to each name on standard input with the milliseconds of one call, so that
the two sides can be measured in turn. The networks have random weights: what they compute means nothing.

Best practice, from measurements of each choice: styles scale the activations, so that weights stay constant;
channels_last; the blur as two one-dimensional filters; torch.compile with inductor's freezing; inference mode.
The caller sets the allocator's variables (see PeerProcess.swift): fresh pages of large tensors cost PyTorch a
factor of 1.5 to 3.
"""

import importlib.metadata
import math
import sys

import torch
import torch.nn.functional as F
import torchdiffeq

from serve import serve

torch._inductor.config.freezing = True
torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)


class Styled(torch.nn.Module):
    def __init__(self, inputs, outputs, size, up, style):
        super().__init__()
        self.up = up
        weight = torch.randn(outputs, inputs, 3, 3) / math.sqrt(9 * inputs)
        self.register_buffer("weight", weight.transpose(0, 1).contiguous() if up else weight)
        self.register_buffer("squares", weight.square().sum((2, 3)).t().contiguous())
        self.affine = torch.nn.Linear(style, inputs)
        self.register_buffer("noise", torch.randn(1, 1, size, size) * 0.1)
        self.register_buffer("bias", torch.randn(1, outputs, 1, 1) * 0.1)
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
        self.register_buffer("rows", taps.view(1, 1, 4, 1).repeat(outputs, 1, 1, 1))
        self.register_buffer("columns", taps.view(1, 1, 1, 4).repeat(outputs, 1, 1, 1))

    def forward(self, x, w):
        style = self.affine(w)
        demodulation = torch.rsqrt(style.float().square() @ self.squares.float() + 1e-8).to(x.dtype)
        x = x * style[:, :, None, None]
        if self.up:
            x = F.conv_transpose2d(x, self.weight, stride=2)
            x = F.conv2d(x, self.rows, padding=(1, 0), groups=x.shape[1])
            x = F.conv2d(x, self.columns, padding=(0, 1), groups=x.shape[1])
        else:
            x = F.conv2d(x, self.weight, padding=1)
        x = x * demodulation[:, :, None, None] + self.noise + self.bias
        return F.leaky_relu(x, 0.2) * math.sqrt(2)


class ToRGB(torch.nn.Module):
    def __init__(self, inputs, style):
        super().__init__()
        self.register_buffer("weight", torch.randn(3, inputs, 1, 1) / math.sqrt(inputs))
        self.affine = torch.nn.Linear(style, inputs)
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
        self.register_buffer("filter", torch.outer(taps, taps).view(1, 1, 4, 4).repeat(3, 1, 1, 1))

    def forward(self, x, w, below):
        image = F.conv2d(x * self.affine(w)[:, :, None, None], self.weight)
        if below is None:
            return image
        up = F.conv_transpose2d(below, self.filter, stride=2, padding=1, groups=3)
        return image + up


class Generator(torch.nn.Module):
    """StyleGAN2 with the given channels from 4 rows up."""

    def __init__(self, channels, style):
        super().__init__()
        self.register_buffer("const", torch.randn(1, channels[0], 4, 4))
        self.first = Styled(channels[0], channels[0], 4, False, style)
        self.first_rgb = ToRGB(channels[0], style)
        pairs = list(zip(channels, channels[1:]))
        sizes = [8 << index for index in range(len(pairs))]
        self.ups = torch.nn.ModuleList(Styled(a, b, s, True, style) for (a, b), s in zip(pairs, sizes))
        self.plains = torch.nn.ModuleList(Styled(b, b, s, False, style) for (a, b), s in zip(pairs, sizes))
        self.rgbs = torch.nn.ModuleList(ToRGB(b, style) for _, b in pairs)

    def forward(self, codes):
        x = self.const.expand(codes.shape[0], -1, -1, -1).to(memory_format=torch.channels_last)
        x = self.first(x, codes[:, 0])
        image = self.first_rgb(x, codes[:, 1], None)
        for index, (up, plain, rgb) in enumerate(zip(self.ups, self.plains, self.rgbs)):
            x = up(x, codes[:, 1 + 2 * index])
            x = plain(x, codes[:, 2 + 2 * index])
            image = rgb(x, codes[:, 3 + 2 * index], image)
        return image


def generator(channels, style, samples, dtype):
    network = Generator(channels, style).eval().to(dtype).to(memory_format=torch.channels_last)
    compiled = torch.compile(network)
    codes = torch.randn(samples, 2 * len(channels), style).to(dtype)
    return lambda: compiled(codes)


def config_f(rows):
    return [min(512, 32768 // (4 << index)) for index in range(int(math.log2(rows)) - 1)]


def ode(outputs):
    def layer(a, b):
        return torch.nn.Conv2d(a, b, 3, padding=1).double()

    field = torch.nn.Sequential(
        layer(256, 128), torch.nn.Tanh(), layer(128, 128), torch.nn.Tanh(), layer(128, 128),
        torch.nn.Tanh(), layer(128, 256),
    )
    start = torch.randn(1, 256, 8, 8).double() * 0.1
    times = torch.linspace(0, 1, outputs).double()

    def call():
        with torch.no_grad():
            torchdiffeq.odeint(lambda t, y: field(y), start, times, rtol=1e-3, atol=1e-4)

    return call


def ingest():
    import sample_pack

    work = sample_pack.Ingest()
    return lambda: work(sys.argv[2], sys.argv[3])


PAPER_DOLL = [256, 192, 128, 96, 32, 16]
WORK = {
    "ode-50": lambda: ode(50),
    "ode-500": lambda: ode(500),
    # The film and the folder are the program's second and third argument.
    "ingest": ingest,
}
for name, channels, style in [
    ("128", PAPER_DOLL, 128), ("256", config_f(256), 512), ("1024", config_f(1024), 512)
]:
    for samples in [1, 4, 8]:
        for dtype, word in [(torch.float32, "f32"), (torch.bfloat16, "bf16")]:
            WORK[f"stylegan2-{name}-{word}-{samples}"] = (
                lambda *sizes, chosen=(channels, style, samples, dtype): generator(*chosen)
            )


NAMES = ["torch", "torchdiffeq", "av", "safetensors"]
serve(WORK, ", ".join(f"{name} {importlib.metadata.version(name)}" for name in NAMES))
