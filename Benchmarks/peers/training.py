"""Steps of training by PyTorch: see serve.py for the protocol. Milliseconds of one step, pictures given.

The networks are the sample pack's with random weights: StyleGAN2 with modulated activations (no grouped convolutions),
the pSp encoder with batch statistics, CLIP over 22 tokens. Eager, as training code is written and run; convolutions
in channels_last, bf16 by autocast, Adam over all parameters at once.
"""

import math
import sys

import torch
import torch.nn.functional as F
from torch import nn

from networks import PSP, QuickGELU, Transformer
from serve import serve

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)

PICTURES, TEXTS = 16, 96
TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4


class Styled(nn.Module):
    """A styled convolution; the style scales what goes in, the demodulation what comes out."""

    def __init__(self, inputs, outputs, up, width):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.style = nn.Linear(width, inputs)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.up = up
        self.gain = 1 / math.sqrt(inputs * 9)
        self.register_buffer("blur", (TAPS[:, None] * TAPS).expand(outputs, 1, 4, 4).contiguous())

    def forward(self, x, w):
        style = self.style(w) * self.gain
        demodulation = (style.square() @ self.weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        x = x * style[:, :, None, None]
        if self.up:
            x = F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2)
            x = F.conv2d(x, self.blur, padding=1, groups=len(self.blur))
        else:
            x = F.conv2d(x, self.weight, padding=1)
        return F.leaky_relu(x * demodulation[:, :, None, None] + self.bias[:, None, None], 0.2) * math.sqrt(2)


class Colour(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, channels, 1, 1))
        self.style = nn.Linear(width, channels)
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x, w):
        style = self.style(w) / math.sqrt(x.shape[1])
        return F.conv2d(x * style[:, :, None, None], self.weight, self.bias)


class Generator(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.const = nn.Parameter(torch.randn(1, channels[0], 4, 4))
        self.layers = nn.ModuleList([Styled(channels[0], channels[0], False, width)])
        self.colours = nn.ModuleList([Colour(channels[0], width)])
        for inputs, outputs in zip(channels, channels[1:]):
            self.layers += [Styled(inputs, outputs, True, width), Styled(outputs, outputs, False, width)]
            self.colours.append(Colour(outputs, width))
        self.register_buffer("blur", (TAPS[:, None] * TAPS).expand(3, 1, 4, 4).contiguous())

    def forward(self, codes):
        w = codes.unbind(1)
        x = self.const.expand(len(codes), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        x = self.layers[0](x, w[0])
        picture = self.colours[0](x, w[1])
        for block, colour in enumerate(self.colours[1:]):
            index = 1 + 2 * block
            x = self.layers[index](x, w[index])
            x = self.layers[index + 1](x, w[index + 1])
            picture = F.conv_transpose2d(picture, self.blur.to(picture.dtype), stride=2, padding=1, groups=3)
            picture = picture + colour(x, w[index + 2])
        return picture


def autoencoder(dtype):
    generator = Generator([256, 192, 128, 96, 32, 16], 128).to(memory_format=torch.channels_last)
    encoder = PSP(128, [16, 32, 64, 128], [2, 2, 6, 2], 12, 128).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.Adam([
        {"params": generator.parameters(), "lr": 1e-2}, {"params": encoder.parameters(), "lr": 1e-3}],
        betas=(0.5, 0.99))
    images = (torch.rand(PICTURES, 3, 128, 128) * 2 - 1).to(memory_format=torch.channels_last)
    weights = torch.rand(PICTURES, 1, 128, 128)

    @torch.enable_grad()
    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bf16"):
            drawn = generator(encoder(images)).float()
        difference = drawn - images
        coarse = [F.avg_pool2d(difference, side).abs().mean() for side in (2, 4, 8)]
        loss = ((difference.abs() * weights).mean() + 0.4 * sum(coarse) + 2 * difference.square().mean()
                + 0.6 * (difference.diff(dim=2).abs().mean() + difference.diff(dim=3).abs().mean()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


class TextBlock(nn.Module):
    """A causal pre-norm block."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), QuickGELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.projection(mixed.transpose(1, 2).reshape(n, t, d))
        return x + self.mlp(self.norm2(x))


class Text(nn.Module):
    def __init__(self, vocabulary, width, heads, layers, length):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(length, width))
        self.blocks = nn.Sequential(*(TextBlock(width, heads) for _ in range(layers)))
        self.last, self.projection = nn.LayerNorm(width), nn.Linear(width, width, bias=False)

    def forward(self, ids):
        x = self.blocks(self.tokens(ids) + self.positions)
        return self.projection(self.last(x[:, -1]))


def clip():
    vision, text = Transformer(128, 16, 128, 2, 4, 128), Text(620, 128, 2, 3, 22)
    scale = nn.Parameter(torch.tensor(2.66))
    parameters = [*vision.parameters(), *text.parameters(), scale]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.1)
    images, ids = torch.randn(TEXTS, 3, 128, 128), torch.randint(0, 620, (TEXTS, 22))
    labels = torch.arange(TEXTS)

    @torch.enable_grad()
    def step():
        a, b = F.normalize(vision(images), dim=1), F.normalize(text(ids), dim=1)
        logits = scale.exp() * a @ b.T
        loss = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


serve(
    {"autoencoder-f32": lambda: autoencoder("f32"), "autoencoder-bf16": lambda: autoencoder("bf16"), "clip": clip},
    f"torch {torch.__version__}",
)
