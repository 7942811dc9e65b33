"""What polish.py trains: stages on a shelf, that a CPU takes."""
import copy
import math
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

import networks as nets
import shelf
from autoencoder import spread
from conditional import Conditional
from data import CHOICES, FRAMES, MOTION, OBSERVED, PARTS, WINDOW, constant
from dynamics import CLIP_FRAMES, Motion, blended
from stage import Stage


def metric(generator, codes, count, batch=16):
    """How much codes change pictures: the mean of J^T J over `codes` [N, 12, D], J the pictures' derivative.

    J^T v for random pictures v of variance 1 has that matrix as its second moment. Scaled so that the form gives
    the mean square error of pictures in -1...1, over 4.
    """
    size = nets.LAYERS * nets.STYLE
    total, dtype = torch.zeros(size, size), torch.bfloat16
    for start in range(0, count, batch):
        w = codes[torch.randint(len(codes), (batch,))].requires_grad_(True)
        y = generator(w, dtype)
        (g,) = torch.autograd.grad(y, w, torch.randn_like(y))
        g = g.flatten(1)
        total += g.t() @ g
    return total / count / (3 * nets.SIZE**2) / 4


class Recoding(Conditional):
    """Several contents and edits for each state, since the state is what costs; errors as pictures show them."""

    name, clip, decay, restarts = "codes", 5.0, 0.998, 50
    # How often an edit changes each choice, if it can.
    WEIGHTS = {"hair": 4.0, "sleeve": 1.0, "top": 3.0, "bottom": 1.5}
    # Of contents that may be edited: up to which share none is, and up to which the edit is one of a shape; the others
    # are the edit that was drawn with the group, colours too.
    SHARES = 0.2, 0.85
    # How much the metric counts of poses: a derivative says too much of a limb that is elsewhere (and too little of
    # a garment that becomes another).
    POSED = 0.3
    FLOOR = 0.07  # hundredths of the mean square: what exact codes leave, and what contents say wrongly of looks

    def __init__(self, books, metric, states, contents, draws, *arguments, **options):
        super().__init__(*arguments, **options)
        self.books, self.states, self.contents, self.draws = books, states, contents, draws
        values, vectors = torch.linalg.eigh(metric)
        self.form = 10 * vectors * values.clamp_min(0).sqrt()
        choice = books.variant[..., 0]
        weight = torch.zeros(len(CHOICES) + 1)
        for name, value in self.WEIGHTS.items():
            weight[list(CHOICES).index(name)] = value
        same = (choice[..., :, None] == choice[..., None, :]).sum(-1)
        self.odds = weight[choice] / same

    def draw(self):
        """Groups and frames of states [B], groups, figures and edits of contents [B, M]."""
        B, M, count = self.states, self.contents, self.cache.count
        j, frames = self.rand(count, B), self.rand(FRAMES, B)
        g, which = self.rand(count, B, M), self.rand(2, B, M)
        # One of them may do its own motion.
        motion = torch.tensor(MOTION)[frames]
        own = (torch.rand(B) < 0.7) & (motion < 2)
        g[:, 0] = torch.where(own, j, g[:, 0])
        which[:, 0] = torch.where(own, motion, which[:, 0])
        u = torch.rand(B, M)
        u[:, :2] = 0  # not edited
        odds = self.odds[g, which]
        slot = torch.multinomial(odds.flatten(0, 1), 1).view(B, M)
        none, shapes = self.SHARES
        return j, frames, g, which, slot, (u > none) & (u < shapes), (u >= shapes) & (which == 0)

    def sample(self):
        """Contents [B M], states [B], styles [B, M] and what of them the edits are, exact codes [B M], which are
        edited, which in a shape, and the figures without edits and the poses [B M] that codes follow from."""
        pool, cache, books = self.pool, self.cache, self.books
        j, frames, g, which, slot, by_shape, by_drawing = self.draw()
        content = cache.content[g, which]
        way = torch.where(by_shape[..., None], books.way[g, which, slot], 0)
        way = torch.where(by_drawing[..., None], cache.direction[g], way)
        features = pool.features[g, torch.where(by_drawing, 2, which)].flatten(0, 1)
        choice, value = books.variant[g, which, slot].flatten(0, 1).unbind(-1)
        features = shelf.altered(features, torch.where(by_shape.flatten(), choice, -1), value)
        pose = pool.poses_of(j, frames[:, None]).expand(-1, self.contents, -1).flatten(0, 1)
        with torch.no_grad():
            target = self.exact(features, pose)
        edited = (by_shape | by_drawing).flatten().float()
        # TrainingGroup's edits: hair, its colour, sleeve, top, its colour, bottom, its colour.
        of_shape = torch.tensor([True, False, True, True, False, True, False])[pool.attribute[g]]
        shaped = (by_shape | (by_drawing & of_shape)).flatten()
        return SimpleNamespace(
            content=content.flatten(0, 1), state=cache.states[j, frames].float(), style=cache.style[g, which] + way, way=way,
            target=target, edited=edited, shaped=shaped, figures=pool.features[g, which].flatten(0, 1), pose=pose,
        )  # fmt: skip

    def exact(self, features, pose):
        return spread(self.codes(features, pose)) + self.average

    def losses(self):
        s = self.sample()
        return self.coded(self.forms[0](s.state, s.content, s.style), s.target, s.edited)

    def coded(self, w, target, edited, share=1.0):
        """How far codes are from exact ones."""
        error = w - target
        square = lambda e: (e.flatten(1) @ self.form).square().sum(1)
        pose, looks = square(error * self.mask), square(error * ~self.mask)
        left = self.FLOOR + self.POSED * pose + (1 + 5 * edited) * looks
        near = F.smooth_l1_loss(error / self.deviation, torch.zeros_like(error), beta=0.1)
        mean = lambda e, weight: (e * weight).sum() / weight.sum()
        return dict(
            seen=share * left.log().mean(),
            near=share * near,
            pose_=pose.mean(),
            looks_=mean(looks, 1 - edited),
            edits_=mean(looks, edited),
        )


def fitted(readout, states, poses):
    """Solves for what reads standardised poses [N, 18] off states [N, C, 8, 8] best, each part's off its own cells."""
    Z = (states.flatten(1) * 4).double()
    for (_, _, numbers), part in zip(PARTS.values(), constant("cells", states.device)):
        inside = part.bool().flatten().repeat(nets.STATE).nonzero()[:, 0]
        X = F.pad(Z[:, inside], (0, 1), value=1.0)
        square = X.t() @ X
        square.diagonal().add_(1e-4 * square.diagonal().mean())
        found = torch.linalg.solve(square, X.t() @ poses[:, list(numbers)].double()).t().float()
        for number, row in zip(numbers, found):
            readout.weight.data[number, inside], readout.bias.data[number] = row[:-1], row[-1]
    return readout


class Reading(Stage):
    """Exact codes, as the finished encoder read them: a pack does not hold them."""

    name, restarts = "exact", 50

    def __init__(self, books, codes, batch, **options):
        self.books, self.codes, self.batch = books, codes, batch
        super().__init__(books.pool.device, [([codes], 2e-3)], dict(codes=codes), **options)
        self.deviation = books.read.flatten(0, 1).std(0).clamp_min(0.05)

    def losses(self):
        books, pool = self.books, self.books.pool
        g, row = self.rand(books.count, self.batch), self.rand(books.read.shape[1], self.batch)
        frames = books.frames_read[g, row][:, None]
        exact = self.codes(pool.features_of(g, frames), pool.poses_of(g, frames))[:, 0]
        error = (exact - books.read[g, row]) / self.deviation
        loss = F.smooth_l1_loss(error, torch.zeros_like(error), beta=0.3)
        return dict(error=loss, far_=error.square().mean().sqrt())


class Normalised(nn.Module):
    """An activated convolution, normalised over the batch before it is activated; `folded` makes it a plain one."""

    def __init__(self, plain):
        super().__init__()
        self.plain = plain
        self.plain.Act.bias.requires_grad_(False)
        self.norm = nn.BatchNorm2d(len(plain.Act.bias), momentum=None)

    def forward(self, x):
        plain, root = self.plain, math.sqrt(2)
        y = F.conv2d(x, (plain.Conv.weight * plain.gain * root).to(x.dtype), None, plain.stride)
        return F.leaky_relu(self.norm(y), 0.2)

    def begin(self):
        """What was seen so far is what is left as it is: the network says the same as without."""
        norm = self.norm
        with torch.no_grad():
            norm.weight.copy_((norm.running_var + norm.eps).sqrt())
            norm.bias.copy_(norm.running_mean + self.plain.Act.bias * math.sqrt(2))
        norm.momentum = 0.02

    def folded(self):
        plain, norm = copy.deepcopy(self.plain), self.norm
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        plain.Conv.weight.mul_(scale[:, None, None, None])
        plain.Act.bias.copy_((norm.bias - norm.running_mean * scale) / math.sqrt(2))
        return plain


class Looking(Stage):
    """The second half of the frame encoder, on what the first half said of the observed frames.

    Its convolutions are normalised while it learns: without, it did not find the turns of heads and chests.
    """

    name, restarts, clip = "frames", 50, 5.0
    SETTLED = 0.7  # from when on norms take what they saw on average, as they will be folded

    def __init__(self, books, maps, encoder, readout, batch, **options):
        """`maps` lists what `shelf.maps_of` gives of each chunk."""
        self.books, self.maps, self.batch = books, maps, batch
        self.encoder, self.readout = encoder, readout
        self.half = nn.ModuleList([encoder.DownToSpatialCode[2:], encoder.ToSpatialCode]).requires_grad_(True)
        g, frames = torch.randint(books.count, (24_000,)), torch.randint(CLIP_FRAMES, (24_000,))
        fitted(readout, books.frame_codes[g, frames].float(), self.poses(g, frames))
        for block in encoder.DownToSpatialCode[2:]:
            block.conv1, block.conv2 = Normalised(block.conv1), Normalised(block.conv2)
        encoder.ToSpatialCode[0] = Normalised(encoder.ToSpatialCode[0])
        self.norms = [m for m in encoder.modules() if isinstance(m, Normalised)]
        # In the order of the layers, since each sees what the ones before it say.
        for norm in self.norms:
            norm.begin()
            norm.norm.momentum = None
            encoder.eval(), norm.train()
            with torch.no_grad():
                for _ in range(8):
                    encoder.late(self.some(*self.draw()))
            norm.begin()
        encoder.train()
        super().__init__(
            books.pool.device, [([self.half, readout], 1e-3)], dict(frames=encoder, reader=readout), **options
        )

    def poses(self, g, frames):
        return self.readout.standard(self.books.pool.poses_of(g, frames[:, None])[:, 0])

    def draw(self):
        return torch.randint(self.books.count, (self.batch,)), torch.randint(CLIP_FRAMES, (self.batch,))

    def some(self, g, frames):
        rows = zip(g.tolist(), frames.tolist())
        maps = [self.maps[group // shelf.CHUNK][group % shelf.CHUNK, frame] for group, frame in rows]
        return nets.channels_last(torch.stack(maps))

    def losses(self):
        g, frames = self.draw()
        self.encoder.train(bool(self.progress < self.SETTLED))
        error = self.readout(self.encoder.late(self.some(g, frames))) - self.poses(g, frames)
        return dict(error=self.readout.loss(error), **self.readout.shown(error))

    @torch.no_grad()
    def folded(self, encoder):
        """The encoder with plain convolutions again."""
        encoder = copy.deepcopy(encoder)
        for block in encoder.DownToSpatialCode[2:]:
            block.conv1, block.conv2 = block.conv1.folded(), block.conv2.folded()
        encoder.ToSpatialCode[0] = encoder.ToSpatialCode[0].folded()
        return encoder


class Moving(Motion):
    """ConvGRU and ODE on stored codes; of some clips only a few frames at any times are seen."""

    restarts = 50
    SPARSE, FAR = 0.25, 0.3  # how often it sees three to eight frames, and how often it goes half a window further
    STRIDE = 5  # frames a step of the solver

    def __init__(self, books, groups, dynamics, readout, window, **options):
        """`window`: over how many frames; a short one first, where something is not read off states at all yet."""
        self.sparse, self.window = False, window
        dynamics.encoder_z0.requires_grad_(True), dynamics.diffeq_solver.requires_grad_(True)
        super().__init__(
            books.pool, groups, books.frame_codes, books.count, dynamics, readout, 0, self.STRIDE, **options
        )
        with torch.no_grad():
            states, poses = [], []
            for start in range(0, min(books.count, 1024), 64):
                g = torch.arange(start, start + 64)
                z = self.starts(g, torch.zeros(len(g), len(PARTS)))[: 2 * len(g)]
                known, _ = dynamics.trajectory(z, WINDOW // 10, 10 / WINDOW)
                states.append(known.flatten(0, 1))
                shown = torch.cat([self.pool.poses[g, 0], self.pool.poses[g, 1]])[:, : WINDOW + 1 : 10]
                poses.append(readout.standard(shown.transpose(0, 1).flatten(0, 1)))
            fitted(readout, torch.cat(states), torch.cat(poses))

    def starts(self, g, parts):
        with self.autocast():
            return self.starts_of_some(g, parts).float() if self.sparse else super().starts(g, parts).float()

    def trajectory(self, z):
        with self.autocast():
            states, slopes = super().trajectory(z)
        return states.float(), slopes.float()

    def starts_of_some(self, g, parts):
        B, count = len(g), 3 + int(torch.rand(()) ** 2 * 6)
        others = torch.rand(2, B, OBSERVED - 1).argsort(2)[..., : count - 1].sort(2).values + 1
        frames = F.pad(others, (1, 0)) + torch.tensor([0, OBSERVED])[:, None, None]
        times = self.pool.times[g[:, None], frames].flatten(0, 1).float() / WINDOW
        z = self.model.encoder_z0(self.codes[g[:, None], frames].float().flatten(0, 1), times)
        return torch.cat([z, blended(z[:B], z[B:], parts)])

    def losses(self):
        self.dtype = torch.bfloat16 if self.progress < 0.75 else torch.float32
        self.sparse = torch.rand(()) < self.SPARSE
        far = self.window == WINDOW and torch.rand(()) < self.FAR
        self.count = (WINDOW * 3 // 2 if far else self.window) // self.STRIDE
        # What few frames cannot say should not drown what sixteen do.
        share = 0.1 if self.sparse else 1.0
        found = {n: v if n.endswith("_") else share * v for n, v in super().losses().items()}
        return found | dict(sparse_=torch.tensor(float(self.sparse)))


class Editing(Recoding):
    """Edits alone: a teacher, who learnt of pictures, says everything else."""

    name, POSED = "edits", 1.0

    def __init__(self, teacher, looks, *arguments, **options):
        """`looks` says of what looks are taken: `exact` codes; the teacher's and the `differences` that edits make
        between exact ones; or these, but exact codes where `shapes` are edited."""
        super().__init__(*arguments, **options)
        self.teacher, self.looks = teacher, looks

    def losses(self):
        s = self.sample()
        with torch.no_grad():
            known = self.teacher(s.state, s.content, s.style - s.way)
            differing = known + s.target - self.exact(s.figures, s.pose)
            taken = torch.where(s.shaped[:, None, None], s.target, differing)
            looks = dict(exact=s.target, differences=differing, shapes=taken)[self.looks]
            target = torch.where(self.mask, known, looks)
        return self.coded(self.forms[0](s.state, s.content, s.style), target, s.edited)


class Painting(Recoding):
    """Some contents of each state against what the finished generator makes of exact codes; all of
    them against exact codes, whose metric says too much of poses and is only to be trusted in looks."""

    name, restarts, POSED = "pictures", 20, 0.03
    DRAWN = 4

    def losses(self):
        s = self.sample()
        w = self.forms[0](s.state, s.content, s.style)
        some = (torch.arange(len(w)) % self.contents < self.DRAWN).nonzero()[:, 0]
        with torch.no_grad():
            x = self.draws(s.target[some], self.dtype)
        # Decibels, nearly: what cannot be known of a motion should not outweigh what can.
        error = (self.draws(w[some], self.dtype) - x).square().mean((1, 2, 3)) / 4 + 2e-4
        decibels = -10 * torch.log10(error.detach())
        plain = 1 - s.edited[some]
        return dict(
            drawn=error.log().mean(),
            **self.coded(w, s.target, s.edited, 0.3),
            plain_=(decibels * plain).sum() / plain.sum(),
            edited_=(decibels * (1 - plain)).sum() / (1 - plain).sum(),
        )
