"""Networks that several peers run: transformers over patches, and the pSp encoder."""

import torch
import torch.nn.functional as F
from torch import nn


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, width, heads, activation):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), activation, nn.Linear(4 * width, width))

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v)
        x = x + self.projection(mixed.transpose(1, 2).reshape(n, t, d))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """The image encoder of CLIP (with a projection) or DINO (without)."""

    def __init__(self, size, patch, width, heads, layers, embedding):
        super().__init__()
        is_clip = embedding > 0
        self.patches = nn.Conv2d(3, width, patch, patch, bias=not is_clip)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, 1 + (size // patch) ** 2, width))
        self.first = nn.LayerNorm(width) if is_clip else nn.Identity()
        activation = QuickGELU() if is_clip else nn.GELU()
        self.blocks = nn.Sequential(*(Block(width, heads, activation) for _ in range(layers)))
        self.last = nn.LayerNorm(width)
        self.projection = nn.Linear(width, embedding, bias=False) if is_clip else None

    def forward(self, images):
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        x = self.blocks(self.first(x))
        return self.projection(self.last(x[:, 0])) if self.projection else self.last(x)


class Unit(nn.Module):
    """A residual unit with squeeze and excitation."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.shortcut = nn.MaxPool2d(1, stride) if inputs == outputs else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.residual = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(outputs, outputs // 16, 1, bias=False), nn.ReLU(),
            nn.Conv2d(outputs // 16, outputs, 1, bias=False), nn.Sigmoid())

    def forward(self, x):
        residual = self.residual(x)
        return residual * self.gate(residual) + self.shortcut(x)


class Head(nn.Module):
    def __init__(self, channels, width, layers):
        super().__init__()
        self.convolutions = nn.Sequential(*(
            part for layer in range(layers)
            for part in (nn.Conv2d(channels if layer == 0 else width, width, 3, 2, 1), nn.LeakyReLU())))
        self.linear = nn.Linear(width, width)

    def forward(self, x):
        return self.linear(self.convolutions(x).flatten(1))


class PSP(nn.Module):
    """Taps are the last units of groups 2 to 4; heads 0-2 read the coarsest map, 3-6 the middle one."""

    def __init__(self, size, widths, units, styles, width):
        super().__init__()
        self.input = nn.Sequential(
            nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.PReLU(widths[0]))
        self.groups = nn.ModuleList()
        inputs = widths[0]
        for outputs, count in zip(widths, units):
            self.groups.append(nn.Sequential(*(
                Unit(inputs if unit == 0 else outputs, outputs, 2 if unit == 0 else 1)
                for unit in range(count))))
            inputs = outputs
        self.lateral1 = nn.Conv2d(widths[2], widths[3], 1)
        self.lateral2 = nn.Conv2d(widths[1], widths[3], 1)
        halvings = (size // 16).bit_length() - 1
        self.heads = nn.ModuleList(
            Head(widths[3], width, halvings + (style >= 3) + (style >= 7)) for style in range(styles))

    def forward(self, x):
        maps = []
        x = self.input(x)
        for group in self.groups:
            x = group(x)
            maps.append(x)

        def raised(coarse, fine):
            return F.interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=True) + fine

        c3 = maps[3]
        p2 = raised(c3, self.lateral1(maps[2]))
        p1 = raised(p2, self.lateral2(maps[1]))
        levels = [c3] * 3 + [p2] * 4 + [p1] * (len(self.heads) - 7)
        return torch.stack([head(level) for head, level in zip(self.heads, levels)], 1)
