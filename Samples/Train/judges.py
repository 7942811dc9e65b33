"""Judges: networks that score a pack and are no part of it. They see other figures than the pack's networks do."""
import torch
import torch.nn.functional as F
from torch import nn

import pictures
from data import JOINTS
from stage import Stage


class JointProbe(nn.Module):
    """Pictures [B, 3, 128, 128] in -1...1 to joints [B, 13, 2] in pixels."""

    WIDTHS = [3, 24, 32, 64, 64, 96, 96]
    STRIDES = [1, 2, 2, 1, 2, 1]

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(i, o, 3, stride, 1) for i, o, stride in zip(self.WIDTHS, self.WIDTHS[1:], self.STRIDES)
        )
        for conv in self.convs:
            nn.init.kaiming_normal_(conv.weight, a=0.2)
            nn.init.zeros_(conv.bias)
        self.heat = nn.Conv2d(self.WIDTHS[-1], JOINTS, 1)
        self.offset = nn.Conv2d(self.WIDTHS[-1], 2 * JOINTS, 1)

    def forward(self, x):
        x = x.contiguous(memory_format=torch.channels_last)
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.2)
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            heat = self.heat(x).flatten(2).softmax(-1)  # [B, 13, 256]
            offset = self.offset(x).flatten(2).unflatten(1, (JOINTS, 2))
        place = (torch.arange(16, device=x.device) + 0.5) * 8
        columns, rows = place.repeat(16), place.repeat_interleave(16)
        cell = torch.stack([columns, rows])  # [2, 256]
        return (heat[:, :, None] * (cell + offset)).sum(-1)


class Joints(Stage):
    """The probe on drawings, softened as rendered pictures are."""

    name, clip = "joints", 5.0

    def __init__(self, pool, groups, **options):
        self.pool, self.groups = pool, groups
        self.model = JointProbe().to(pool.device, memory_format=torch.channels_last)
        super().__init__(pool.device, [([self.model], 2e-3)], dict(joints=self.model), **options)

    def losses(self):
        pool, B = self.pool, self.groups
        g, frames = self.rand(pool.count, B), self.rand(60, B, 4)
        x = pictures.softened(pool.pictures(g[:, None], frames))
        truth = pool.joints[g[:, None], frames].flatten(0, 1)
        with self.autocast():
            joints = self.model(x)
        square = (joints - truth).square().sum(-1)
        return dict(square=0.01 * square.clamp(max=100).mean(), distance=square.add(1e-3).sqrt().mean())
