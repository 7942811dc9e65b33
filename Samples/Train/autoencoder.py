"""Generator and pSp encoder, taught by codes that follow from what a drawing shows.

The code of a drawing is known: a group of W+ layers shares one vector; its first `POSE` channels are a small
network's image of the pose, the others of the figure, and the fine layers carry nothing but the figure. The
generator learns to draw from such codes, which is easier than from those of an encoder that has not learnt anything
yet; the encoder learns to read them off, and both learn from the picture that the read code gives. So the pose can be
exchanged without the figure by construction, and the code of any figure in any pose, edited or not, is known without
a drawing: the target of the conditional model.
"""
import torch
import torch.nn.functional as F
from torch import nn

import networks as nets
import pictures
from data import FEATURES, POSE_NUMBERS, constant
from stage import Stage

POSE = 48  # channels of the coarse and medium vectors that carry the pose
GROUPS = 3


class Codes(nn.Module):
    """From numbers of figures and poses to vectors of the three groups of layers: [..., 3, D]."""

    def __init__(self, mean=None, deviation=None):
        super().__init__()
        net = lambda inputs, hidden, outputs: nn.Sequential(
            nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, outputs)
        )
        self.figure = net(FEATURES, 256, GROUPS * nets.STYLE - 2 * POSE)
        self.motion = net(POSE_NUMBERS, 192, 2 * POSE)
        self.register_buffer("mean", torch.zeros(POSE_NUMBERS) if mean is None else mean)
        self.register_buffer("deviation", torch.ones(POSE_NUMBERS) if deviation is None else deviation)
        with torch.no_grad():
            for part in [self.figure, self.motion]:
                part[-1].weight.mul_(3.0)

    def pose(self, poses):
        return self.motion((poses - self.mean) / self.deviation).unflatten(-1, (2, POSE))

    def forward(self, figures, poses):
        coarse, medium, fine = self.figure(figures).split([nets.STYLE - POSE] * 2 + [nets.STYLE], -1)
        pose = self.pose(poses)
        return torch.stack(
            [torch.cat([pose[..., 0, :], coarse], -1), torch.cat([pose[..., 1, :], medium], -1), fine], -2
        )


def spread(vectors):
    """Vectors of groups [..., 3, D] to W+ layers without the average: [..., 12, D]."""
    return vectors.repeat_interleave(nets.LAYERS // GROUPS, -2)


def is_pose(device):
    """Which channels of [12, D] carry the pose."""
    mask = torch.zeros(nets.LAYERS, nets.STYLE, dtype=torch.bool, device=device)
    mask[: 2 * nets.LAYERS // GROUPS, :POSE] = True
    return mask


def pose_statistics(pool):
    poses = pool.poses[: pool.filled, :, :75].flatten(0, 2)
    return poses.mean(0), poses.std(0).clamp_min(0.05)


class Autoencoder(Stage):
    """All three networks together."""

    name, clip, betas, decay = "autoencoder", 5.0, (0.5, 0.99), 0.998

    def __init__(self, pool, groups, encoder, generator, codes, freezes_norms=False, compiles=False, **options):
        self.pool, self.groups = pool, groups
        self.encoder, self.generator, self.codes = encoder, generator, codes
        self.freezes_norms = freezes_norms
        self.mask = is_pose(pool.device)
        encoder.train(not freezes_norms)
        super().__init__(
            pool.device,
            [([generator], 6e-3), ([encoder], 1.2e-3), ([codes], 1e-3)],
            dict(encoder=encoder, generator=generator, codes=codes),
            **options,
        )
        self.uses([encoder, generator, pictures.loss, pictures.weights], compiles)

    def a_again(self, count):
        """A doing what B does, or a mixture of both."""
        n = self.rand(14, count, 1)
        return torch.where(n < 8, 32 + n, 40 + n)

    def losses(self):
        pool, B = self.pool, self.groups
        encode, draw, loss, weigh = self.forms
        g = self.rand(pool.count, B)
        # Two pictures of A, of B and of edited A, each pair in two poses.
        frames = torch.cat(
            [self.rand(16, B, 1), self.a_again(B),
             16 + self.rand(16, B, 1), 40 + self.rand(8, B, 1), 54 + self.rand(3, B, 1), 57 + self.rand(3, B, 1)], 1
        )  # fmt: skip
        N = frames.shape[1]
        x = pool.pictures(g[:, None], frames)
        figures = pool.figures[g[:, None], constant("shows", self.device)[frames]].flatten(0, 1)
        weights = weigh(x, figures, pool.joints[g[:, None], frames, 0].flatten(0, 1))
        average = self.encoder.latent_avg
        exact = spread(self.codes(pool.features_of(g, frames), pool.poses_of(g, frames)).flatten(0, 1))
        with self.autocast():
            read = encode(x).float() - average
        # In half of the pairs each picture is drawn with what was read of the figure in the other one.
        swaps = (torch.rand(B, N // 2, 1, device=self.device) < 0.5).expand(-1, -1, 2).flatten()
        other = read.unflatten(0, (B * N // 2, 2)).flip(1).flatten(0, 1)
        used = torch.where(swaps[:, None, None] & ~self.mask, other, read)
        y = draw(torch.cat([exact, used]) + average, self.dtype)
        target = exact.detach()
        deviation = target.std(0).clamp_min(0.05)
        code = F.smooth_l1_loss(read / deviation, target / deviation, beta=0.3)
        early = (self.progress * 12).clamp(0.05, 1)
        return dict(
            exact=loss(y[: B * N], x, weights),
            read=early * loss(y[B * N :], x, weights),
            codes=0.25 * code,
            size=1e-3 * exact.square().mean(),
            exact_psnr_=pictures.psnr(y[: B * N].detach(), x),
            read_psnr_=pictures.psnr(y[B * N :].detach(), x),
        )


class Exact(Stage):
    """Exact codes alone, as a finished encoder reads them: a pack does not hold them."""

    name = "codes"

    def __init__(self, pool, groups, encoder, codes, **options):
        self.pool, self.groups, self.encoder, self.codes = pool, groups, encoder.eval(), codes
        super().__init__(pool.device, [([codes], 1e-3)], dict(codes=codes), **options)

    def losses(self):
        pool, B = self.pool, self.groups
        g, frames = self.rand(pool.count, B), self.rand(60, B, 4)
        with torch.no_grad(), self.autocast():
            read = self.encoder(pool.pictures(g[:, None], frames)).float() - self.encoder.latent_avg
        read = read.unflatten(1, (GROUPS, -1)).mean(2)
        exact = self.codes(pool.features_of(g, frames), pool.poses_of(g, frames)).flatten(0, 1)
        error = (exact - read) / read.std(0).clamp_min(0.05)
        return dict(error=F.smooth_l1_loss(error, torch.zeros_like(error), beta=0.3), far_=error.square().mean().sqrt())
