"""The conditional model and the mapper: first against exact codes, then, with the generator, against drawings.

Everything that frozen networks say of a group is computed once (`Cache`). A sample then joins any clip's content and
style with any clip's state; its target is the read content with the exact code of the pose in place of its own pose,
and, for a text edit, with the difference that the edit makes between exact codes.
"""
import torch
import torch.nn.functional as F
from torch import nn

import networks as nets
import pictures
from autoencoder import is_pose, spread
from data import CHOICES, FRAMES, OBSERVED, POSE_NUMBERS, WINDOW, constant
from dynamics import CLIP_FRAMES, encode_states
from stage import Stage

STRIDE, STEPS = 3, 26  # of the solver: frames a step, and how many steps


class Cache:
    """Codes, contents, styles and states of groups."""

    def __init__(self, pool, count, whole=False):
        """`whole`: codes of all frames, else of the observed ones."""
        self.pool, self.count = pool, count
        self.frames = FRAMES if whole else CLIP_FRAMES
        make = lambda *shape: torch.zeros(count, *shape, device=pool.device)
        self.codes = make(self.frames, nets.LAYERS, nets.STYLE).half()
        self.content = make(2, nets.LAYERS, nets.STYLE)
        self.style = make(2, nets.WIDTH)
        self.direction = make(nets.WIDTH)
        self.states = make(FRAMES, nets.STATE, 8, 8).half()

    @torch.no_grad()
    def look(self, place, encoder, generator, clip, dtype):
        """What the encoder and CLIP say of groups `place`, a range of at most some dozens."""
        pool = self.pool
        g = torch.arange(place.start, place.stop, device=pool.device)
        B = len(g)
        x = pool.pictures(g[:, None], torch.arange(self.frames, device=pool.device)[None])
        with torch.autocast(pool.device.type, dtype, enabled=dtype != torch.float32):
            codes = encoder(x).float().unflatten(0, (B, self.frames))
            self.codes[place] = codes.half()
            content = codes[:, :CLIP_FRAMES].unflatten(1, (2, OBSERVED)).mean(2)
            self.content[place] = content
            seen = generator(content.flatten(0, 1), dtype).clamp(-1, 1)
            self.style[place] = clip.image(seen).float().unflatten(0, (B, 2))
            texts = clip.text(pool.tokens[g].flatten(0, 1)).float().unflatten(0, (B, 3))
            self.direction[place] = texts[:, 2] - texts[:, 0]

    @torch.no_grad()
    def solve(self, place, dynamics, frame_codes):
        """States of groups `place` at the times of their frames."""
        pool = self.pool
        g = torch.arange(place.start, place.stop, device=pool.device)
        z = encode_states(dynamics, pool, frame_codes, g, pool.parts[g])
        states, slopes = dynamics.trajectory(z, STEPS, STRIDE / WINDOW)
        self.states[place] = self.between(states, slopes, g).half()

    def between(self, states, slopes, g):
        """States at the times of the frames of groups [B], by cubic Hermite interpolation: [B, 60, C, h, w]."""
        B, h = len(g), STRIDE / WINDOW
        row = constant("motion", g.device)[None] * B + torch.arange(B, device=g.device)[:, None]
        time = self.pool.times[g]
        index = time // STRIDE
        s = ((time % STRIDE).float() / STRIDE)[..., None, None, None]
        y0, y1 = states[index, row], states[index + 1, row]
        m0, m1 = slopes[index, row] * h, slopes[index + 1, row] * h
        return (
            (2 * s**3 - 3 * s**2 + 1) * y0 + (s**3 - 2 * s**2 + s) * m0
            + (3 * s**2 - 2 * s**3) * y1 + (s**3 - s**2) * m1
        )  # fmt: skip

    def inputs(self, g, frames):
        """Content [B, N, 12, D] and style [B, N, W] of frames [B, N] of groups [B]."""
        which = constant("content", g.device)[frames]
        edited = (constant("shows", g.device)[frames] == 2).float()
        style = self.style[g[:, None], which] + edited[..., None] * self.direction[g][:, None]
        return self.content[g[:, None], which], style


class Conditional(Stage):
    """Against exact codes: any content with any motion."""

    name, decay = "conditional", 0.998

    def __init__(self, pool, batch, cache, codes, average, model, projection, deviation, statistics, **options):
        self.pool, self.batch, self.cache, self.codes = pool, batch, cache, codes
        self.average, self.deviation = average, deviation
        self.model, self.projection = model, projection
        self.mask = is_pose(pool.device)
        self.mean, self.scale = statistics
        # What a conditional vector must let be read off it: poses (not the fine one) and attributes.
        self.pose_heads = nn.ModuleList(nn.Linear(nets.WIDTH, POSE_NUMBERS) for _ in range(2)).to(pool.device)
        self.name_heads = nn.ModuleList(
            nn.Linear(nets.WIDTH, sum(CHOICES.values())) for _ in range(3)
        ).to(pool.device)
        super().__init__(
            pool.device, [([model, projection, self.pose_heads, self.name_heads], 1.5e-3)],
            dict(conditional=model, projection=projection), **options,
        )  # fmt: skip

    def losses(self):
        pool, cache, N = self.pool, self.cache, self.batch
        g, j = self.rand(cache.count, N), self.rand(cache.count, N)
        u = torch.rand(N, device=self.device)
        # Own motion 15 %; the others take any clip's, crossed or mixed.
        j = torch.where(u < 0.15, g, j)
        frames = torch.where(u < 0.15, self.rand(OBSERVED, N), self.rand(FRAMES, N))
        which = torch.where(u < 0.15, torch.zeros_like(g), self.rand(2, N))
        edited = (torch.rand(N, device=self.device) < 0.4) & (which == 0)
        content = cache.content[g, which]
        style = cache.style[g, which] + edited.float()[:, None] * cache.direction[g]
        state = cache.states[j, frames].float()
        pose = pool.poses_of(j, frames[:, None])[:, 0]
        shown = torch.where(edited, 2, which)
        with torch.no_grad():
            before = self.codes(pool.features[g, which], pose)
            after = self.codes(pool.features[g, shown], pose)
            target = torch.where(
                self.mask, spread(after) + self.average, content + spread(after - before)
            )
        with self.autocast():
            conditions = self.model.modulation_network(self.projection(state), style)
            delta = self.model.style_mapper(content, conditions).float()
        w = content + nets.DELTA * delta
        error = F.smooth_l1_loss(w / self.deviation, target / self.deviation, beta=0.1, reduction="none")
        still = F.smooth_l1_loss(content / self.deviation, target / self.deviation, beta=0.1, reduction="none")
        posed, looking = self.mask.float(), (~self.mask).float()
        share = lambda e, mask: (e * mask).mean() / mask.mean()
        weight = edited.float()[:, None, None]
        conditions = [c.float() for c in conditions]
        pose = (pose - self.mean) / self.scale
        poses = sum(F.smooth_l1_loss(head(c), pose, beta=0.2) for head, c in zip(self.pose_heads, conditions))
        labels = pool.figures[g, shown]
        names = 0.0
        for head, c in zip(self.name_heads, conditions):
            for index, logits in enumerate(head(c).split(list(CHOICES.values()), 1)):
                names = names + F.cross_entropy(logits, labels[:, index].long())
        late = 1 - 0.8 * self.progress
        return dict(
            pose=share(error, posed),
            looks=share(error, looking),
            edits=share(error * weight, looking),
            poses=0.2 * late * poses,
            names=0.02 * late * names,
            still_pose_=share(still, posed),
            still_edits_=share(still * weight, looking),
        )


class Pictures(Stage):
    """Conditional model and generator together, judged by pictures."""

    name, decay, restarts = "pictures", 0.998, 100

    def __init__(self, pool, groups, cache, model, projection, generator, compiles=False, **options):
        self.pool, self.groups, self.cache = pool, groups, cache
        self.model, self.projection = model, projection
        super().__init__(
            pool.device, [([model, projection], 6e-4), ([generator], 1.5e-3)],
            dict(conditional=model, projection=projection, generator=generator), **options,
        )  # fmt: skip
        self.uses([generator, pictures.loss, pictures.weights], compiles)

    def losses(self):
        pool, cache, B = self.pool, self.cache, self.groups
        draw, loss, weigh = self.forms
        g = self.rand(cache.count, B)
        # Crossed three, mixed one, edited two, own two; of the last two also what their own codes give.
        frames = torch.cat(
            [32 + self.rand(16, B, 3), 48 + self.rand(6, B, 1), 54 + self.rand(6, B, 2), self.rand(32, B, 2)], 1
        )
        N, own = frames.shape[1], 2
        content, style = (a.flatten(0, 1) for a in cache.inputs(g, frames))
        state = cache.states[g[:, None], frames].flatten(0, 1).float()
        x = pool.pictures(g[:, None], frames)
        figures = pool.figures[g[:, None], constant("shows", self.device)[frames]].flatten(0, 1)
        weights = weigh(x, figures, pool.joints[g[:, None], frames, 0].flatten(0, 1))
        with self.autocast():
            w = self.model(content, style, self.projection(state)).float()
        read = cache.codes[g[:, None], frames[:, -own:]].flatten(0, 1).float()
        last = lambda a: a.unflatten(0, (B, N))[:, -own:].flatten(0, 1)
        y = draw(torch.cat([w, read]), self.dtype)
        crossed = lambda a: a.unflatten(0, (B, N))[:, :3].flatten(0, 1)
        return dict(
            moved=loss(y[: B * N], x, weights),
            read=0.5 * loss(y[B * N :], last(x), last(weights)),
            psnr_=pictures.psnr(crossed(y[: B * N].detach()), crossed(x)),
            read_psnr_=pictures.psnr(y[B * N :].detach(), last(x)),
        )
