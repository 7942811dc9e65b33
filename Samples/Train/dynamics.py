"""Frame encoder, ConvGRU and latent ODE, taught by exact poses.

First the frame encoder alone learns to show every part's angles in the part's own cells; then, its codes computed once
for all clips, ConvGRU and ODE learn that poses and their velocities can be read off z(t) in the same way, at every step
of a window that grows from an eighth of a clip to half as long again. Blends of two clips' z_d0 by parts of the
body are solved too, and must show the blended pose: this is what makes a mask work.
"""
import torch
import torch.nn.functional as F
from torch import nn

import data
import networks as nets
from data import OBSERVED, PARTS, POSE_NUMBERS, WINDOW, constant
from stage import Stage

CLIP_FRAMES = 2 * OBSERVED  # a's and b's observed frames are the first of a group


class Readout(nn.Module):
    """Reads every part's pose linearly from the part's own cells."""

    # How much a number changes pictures (the root of the mean square for a deviation of 1; the metric of shelved.py says),
    # but turns, nods and blinks more, since they are what some motions consist of.
    IMPORTANCE = [0.55, 0.55, 1.2, 1.2, 1.2, 1.2, 0.2] + 2 * [2.4, 1.1, 0.3] + 2 * [0.45, 0.85] + [0.3]

    def __init__(self, mean, deviation):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(POSE_NUMBERS, nets.STATE * 64))
        self.bias = nn.Parameter(torch.zeros(POSE_NUMBERS))
        mask = torch.zeros(POSE_NUMBERS, nets.STATE, 8, 8)
        for (_, _, numbers), part in zip(PARTS.values(), data.cells()):
            mask[list(numbers)] = part
        self.register_buffer("mask", 4 * mask.flatten(1))
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.register_buffer("importance", torch.tensor(self.IMPORTANCE))

    def forward(self, z):
        """States [..., C, 8, 8] to standardised pose numbers [..., 18]."""
        return F.linear(z.contiguous().flatten(-3), self.weight * self.mask, self.bias)

    def velocity(self, slope):
        """What dz/dt says of d(pose)/dt: the same map without its bias."""
        return F.linear(slope.contiguous().flatten(-3), self.weight * self.mask)

    def standard(self, poses):
        return (poses - self.mean) / self.deviation

    def loss(self, error):
        """Squared: most heads and chests do not turn, and for an absolute error a weak hint of a turn is none."""
        return (error * self.importance).square().mean()

    @staticmethod
    def shown(error):
        """Root mean squares of errors [..., 18] by what moves, in deviations: slices, which a captured step can take."""
        far = lambda first, end: error.detach()[..., first:end].square().mean().sqrt()
        return dict(right_=far(7, 9), left_=far(10, 12), legs_=far(13, 17), lean_=far(0, 2), chest_=far(2, 3),
                    tilt_=far(3, 4), turn_=far(4, 5), nod_=far(5, 6))  # fmt: skip


class Frames(Stage):
    """The frame encoder alone."""

    name = "frames"

    def __init__(self, pool, groups, dynamics, statistics, **options):
        self.pool, self.groups = pool, groups
        self.encoder = dynamics.swapae_encoder
        self.readout = Readout(*statistics).to(pool.device)
        super().__init__(
            pool.device, [([self.encoder, self.readout], 3e-3)], dict(frames=self.encoder, reader=self.readout),
            **options,
        )  # fmt: skip

    def losses(self):
        pool, B = self.pool, self.groups
        g = self.rand(pool.count, B)
        frames = self.rand(60, B, 4)
        x = (pool.pictures(g[:, None], frames) + 1) / 2
        poses = self.readout.standard(pool.poses_of(g, frames).flatten(0, 1))
        codes = self.encoder(x, self.dtype).float()
        error = self.readout(codes) - poses
        return dict(error=self.readout.loss(error), **self.readout.shown(error))


@torch.no_grad()
def encode_clips(pool, encoder, place, codes, dtype):
    """Codes of the observed frames of groups `place`, into `codes` [G, 32, K, 8, 8]."""
    g = torch.arange(place.start, place.stop, device=pool.device)[:, None]
    x = (pool.pictures(g, torch.arange(CLIP_FRAMES, device=pool.device)[None]) + 1) / 2
    codes[place] = encoder(x, dtype).unflatten(0, (len(g), CLIP_FRAMES)).to(codes.dtype)


def blended(za, zb, parts):
    """States of a with those of b in the cells of `parts` [B, 5]."""
    mask = torch.einsum("bp,phw->bhw", parts, constant("cells", za.device))[:, None]
    return za + mask * (zb - za)


def encode_states(dynamics, pool, codes, g, parts):
    """z_d0 of clips a, b and their blend of groups g [B]: [3 B, C, 8, 8]."""
    B = len(g)
    frames = torch.arange(CLIP_FRAMES, device=g.device).reshape(2, 1, OBSERVED)
    times = pool.times[g[None, :, None], frames].flatten(0, 1).float() / WINDOW
    observed = codes[g].float().unflatten(1, (2, OBSERVED)).transpose(0, 1).flatten(0, 1)
    z = dynamics.encoder_z0(observed, times)
    return torch.cat([z, blended(z[:B], z[B:], parts)])


def solver_of(dynamics):
    """ConvGRU and ODE, under one name."""
    return nn.ModuleList([dynamics.encoder_z0, dynamics.diffeq_solver])


class Motion(Stage):
    """ConvGRU and ODE over `steps` steps of `stride` frames."""

    name, priority, decay = "motion", -1, 0.998

    def __init__(self, pool, groups, codes, count, dynamics, readout, steps, stride, rate=2e-3, **options):
        """`codes` of `encode_clips`, of the first `count` groups (a tensor) so far."""
        self.pool, self.groups, self.codes, self.encoded = pool, groups, codes, count
        self.model, self.readout = dynamics, readout
        self.count, self.stride = steps, stride
        solver = solver_of(dynamics)
        super().__init__(
            pool.device, [([solver, readout], rate)], dict(solver=solver, readout=readout), **options
        )  # fmt: skip

    def starts(self, g, parts):
        """z_d0 of clips a, b and their blend of groups g [B]: [3 B, C, 8, 8]."""
        return encode_states(self.model, self.pool, self.codes, g, parts)

    def trajectory(self, z):
        return self.model.trajectory(z, self.count, self.stride / WINDOW)

    def losses(self):
        pool, B = self.pool, self.groups
        g = self.rand(self.encoded, B)
        parts = (torch.rand(B, len(PARTS), device=self.device) < 0.4).float()
        z = self.starts(g, parts)
        states, slopes = self.trajectory(z)
        frames = torch.arange(self.count + 1, device=self.device) * self.stride
        poses = pool.poses[g]  # [B, 2, 126, 18]
        poses = torch.cat([poses[:, 0], poses[:, 1], torch.lerp(
            poses[:, 0], poses[:, 1], (parts @ constant("owners", self.device))[:, None])])  # fmt: skip
        poses = self.readout.standard(poses)
        before, after = (frames - 1).clamp(min=0), frames + 1
        speed = (poses[:, after] - poses[:, before]) * (WINDOW / (after - before).float())[:, None]
        pose = poses[:, frames].transpose(0, 1)
        error = self.readout(states) - pose
        speed_error = (self.readout.velocity(slopes) - speed.transpose(0, 1)) / 6
        return dict(
            poses=self.readout.loss(error),
            speeds=0.25 * self.readout.loss(speed_error),
            size=1e-4 * states.square().mean(),
            **self.readout.shown(error[: WINDOW // self.stride + 1]),
            end_=error.detach()[-1, :, 7:12].square().mean().sqrt(),
        )
