"""Trains stored weights on, on a CPU that others use: by steps, not by the clock, and from the last checkpoint on.

polish.py shelf WEIGHTS [WEIGHTS...] --draw-dolls PROGRAM --shelf FOLDER --chunks N
polish.py motion|codes|pictures WEIGHTS [WEIGHTS...] --shelf FOLDER --output FOLDER --steps N

`shelf` draws groups and keeps what frozen networks say of them. On those, `motion` teaches the ConvGRU what it says of
many frames when it sees three to eight. `codes` trains the conditional model against exact codes, in the metric of the
finished generator: how much each difference of codes changes pictures. `pictures` does so with pictures, of exact codes.
"""
import argparse
import copy
import os
import pathlib
import time

import torch
import torch.nn.functional as F

import networks as nets
import shelf
from autoencoder import Codes, is_pose, spread
from compose import Composer
from conditional import Cache, Conditional
from data import CHOICES, FRAMES, MOTION, OBSERVED, WINDOW
from dynamics import Readout, solver_of
from stage import Stage


def load(folders):
    """All parts as they are stored, in float32; later folders win."""
    parts = {}
    for folder in folders:
        for path in sorted(folder.glob("*.pt")):
            parts |= torch.load(path, weights_only=True)
    return {
        part: {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
        for part, tensors in parts.items()
    }


def drive(stage, steps, folder, trained, save, every=600, log=print):
    """Takes `steps` steps; `trained` are the modules that a checkpoint holds, `save` writes the averages."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stage.name}.checkpoint"
    averages = list(stage.averages.values())
    if path.exists():
        state = torch.load(path, weights_only=True)
        stage.steps = state["steps"]
        stage.optimiser.load_state_dict(state["optimiser"])
        for module, tensors in zip([*trained, *(a.module for a in averages)], state["modules"]):
            module.load_state_dict(tensors)
        torch.manual_seed(stage.steps)
    saved = logged = time.time()
    base = stage.steps

    def keep():
        modules = [m.state_dict() for m in [*trained, *(a.module for a in averages)]]
        state = dict(steps=stage.steps, optimiser=stage.optimiser.state_dict(), modules=modules)
        torch.save(state, path.with_suffix(".partial"))
        os.replace(path.with_suffix(".partial"), path)
        save({name: a.module.state_dict() for name, a in stage.averages.items()})

    while stage.steps < steps:
        stage.step(stage.steps / steps)
        if time.time() - logged > 60 or stage.steps == steps:
            rate = (stage.steps - base) / (time.time() - logged)
            log(f"{time.strftime('%H:%M:%S')} {stage.report()} ({rate:.2f} a second)", flush=True)
            base, logged = stage.steps, time.time()
        if time.time() - saved > every:
            keep()
            saved = time.time()
    keep()


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
    FLOOR = 0.07  # hundredths of the mean square: what exact codes leave, and what contents say wrongly of looks

    def __init__(self, books, metric, states, contents, *arguments, **options):
        super().__init__(*arguments, **options)
        self.books, self.states, self.contents = books, states, contents
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
        """Contents [B M], states [B], styles [B, M], exact codes [B M] and which are edited."""
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
            target = spread(self.codes(features, pose)) + self.average
        edited = (by_shape | by_drawing).flatten().float()
        return content.flatten(0, 1), cache.states[j, frames].float(), cache.style[g, which] + way, target, edited

    def losses(self):
        content, state, style, target, edited = self.sample()
        error = self.forms[0](state, content, style) - target
        square = lambda e: (e.flatten(1) @ self.form).square().sum(1)
        pose, looks = square(error * self.mask), square(error * ~self.mask)
        # A derivative says too much of a limb that is elsewhere, and too little of a garment that becomes another.
        left = self.FLOOR + 0.3 * pose + (1 + 5 * edited) * looks
        near = F.smooth_l1_loss(error / self.deviation, torch.zeros_like(error), beta=0.1)
        share = lambda e, weight: (e * weight).sum() / weight.sum()
        return dict(
            seen=left.log().mean(),
            near=near,
            pose_=pose.mean(),
            looks_=share(looks, 1 - edited),
            edits_=share(looks, edited),
        )


class Sparse(Stage):
    """The ConvGRU: a few frames of a clip at any times should say what all sixteen say, or at least the same poses."""

    name, decay, restarts = "motion", 0.995, 50
    STRIDE = 6  # frames a step of the solver

    def __init__(self, books, dynamics, teacher, readout, clips, **options):
        super().__init__(
            books.pool.device, [([dynamics.encoder_z0], 5e-4)], dict(solver=solver_of(dynamics)), **options
        )
        self.books, self.dynamics, self.readout, self.clips = books, dynamics, readout.requires_grad_(False), clips
        dynamics.diffeq_solver.requires_grad_(False)
        learnt = copy.deepcopy(dynamics.encoder_z0.state_dict())
        dynamics.encoder_z0.load_state_dict(teacher)
        self.known = torch.cat([self.encoded(g, which, None) for g, which in self.all_clips()]).half()
        dynamics.encoder_z0.load_state_dict(learnt)
        self.deviation = self.known[::7].float().std((0, 2, 3)).clamp_min(0.02)[:, None, None]

    def all_clips(self):
        for start in range(0, self.books.count, 32):
            g = torch.arange(start, min(start + 32, self.books.count)).repeat_interleave(2)
            yield g, torch.arange(len(g)) % 2

    def encoded(self, g, which, seen):
        """z_d0 of clips from the frames `seen` [B, T] of the sixteen, all where None."""
        B = len(g)
        seen = torch.arange(OBSERVED).expand(B, -1) if seen is None else seen
        frames = which[:, None] * OBSERVED + seen
        times = self.books.pool.times[g[:, None], frames].float() / WINDOW
        with torch.set_grad_enabled(hasattr(self, "known")):
            return self.dynamics.encoder_z0(self.books.frame_codes[g[:, None], frames].float(), times)

    def losses(self):
        pool, count = self.books.pool, self.books.count
        dense = torch.rand(()) < 0.65
        B = 3 * self.clips // 8 if dense else self.clips
        g, which = self.rand(count, B), self.rand(2, B)
        frames = OBSERVED if dense else 3 + int(torch.rand(()) ** 2 * 6)
        others = torch.rand(B, OBSERVED - 1).argsort(1)[:, : frames - 1].sort(1).values + 1
        z = self.encoded(g, which, torch.cat([torch.zeros(B, 1, dtype=torch.long), others], 1))
        known = self.known[2 * g + which].float()
        far = ((z - known) / self.deviation).square().mean()
        some = slice(0, self.clips // 4)
        states, _ = self.dynamics.trajectory(z[some], 48 // self.STRIDE, self.STRIDE / WINDOW)
        poses = pool.poses[g[some], which[some]][:, : 49 : self.STRIDE].transpose(0, 1)
        error = (self.readout(states) - self.readout.standard(poses)).abs() * self.readout.importance
        return dict(
            far=(1 if dense else 0.1) * far, poses=self.readout.loss(error), dense_=dense.float(),
            arms_=error[..., 7:13].mean() / 1.5, legs_=error[..., 13:17].mean() / 1.5,
        )  # fmt: skip


class Painting(Recoding):
    """Against what the finished generator makes of exact codes."""

    name, restarts, SHARES = "pictures", 20, (0.2, 0.6)

    def losses(self):
        content, state, style, target, edited = self.sample()
        compose, draw = self.forms
        w = compose(state, content, style)
        with torch.no_grad():
            x = draw(target, self.dtype)
        # Decibels, nearly: what cannot be known of a motion should not outweigh what can.
        error = (draw(w, self.dtype) - x).square().mean((1, 2, 3)) / 4 + 2e-4
        decibels = -10 * torch.log10(error.detach())
        return dict(
            seen=error.log().mean(),
            plain_=(decibels * (1 - edited)).sum() / (1 - edited).sum(),
            edited_=(decibels * edited).sum() / edited.sum(),
        )


def sparse(options, parts, networks, books):
    dynamics, readout = nets.Dynamics(), Readout(parts["readout"]["mean"], parts["readout"]["deviation"])
    solver_of(dynamics).load_state_dict(parts["solver"]), readout.load_state_dict(parts["readout"])
    teacher = load([options.teacher])["solver"] if options.teacher else parts["solver"]
    teacher = {k[2:]: v for k, v in teacher.items() if k.startswith("0.")}
    stage = Sparse(books, dynamics, teacher, readout, options.batch, dtype=torch.float32)
    return stage, [solver_of(dynamics)], "dynamics"


def recoding(options, parts, networks, books):
    pool, dynamics = books.pool, networks.dynamics
    cache = Cache(pool, books.count)
    cache.content, cache.style, cache.direction = books.content, books.style, books.direction
    for start in range(0, books.count, 64):
        cache.solve(slice(start, start + 64), dynamics, books.frame_codes)
    del books.frame_codes
    codes, model = Codes(), nets.Conditional()
    codes.load_state_dict(parts["codes"]), model.load_state_dict(parts["conditional"])
    projection = torch.nn.Conv2d(nets.STATE, nets.WIDTH, 1)
    projection.load_state_dict(parts["projection"])
    average = networks.encoder.latent_avg
    g = torch.randint(books.count, (4096,))
    with torch.no_grad():
        pose = pool.poses_of(g, torch.randint(FRAMES, (len(g), 1)))[:, 0]
        known = spread(codes(pool.features[g, 0], pose)) + average
    deviation = known.std(0).clamp_min(0.05)
    path = options.output / "metric.tensor"
    if not path.exists():
        options.output.mkdir(parents=True, exist_ok=True)
        torch.save(metric(networks.generator, known, options.samples), path)
    statistics = parts["readout"]["mean"], parts["readout"]["deviation"]
    kind = Painting if options.stage == "pictures" else Recoding
    stage = kind(
        books, torch.load(path, weights_only=True), options.batch, options.contents,
        pool, options.batch, cache, codes, average, model, projection, deviation, statistics, dtype=torch.bfloat16,
    )  # fmt: skip

    def forward(state, content, styles):
        with stage.autocast():
            conditions = model.modulation_network(projection(state), styles)
            delta = model.style_mapper(content, conditions)
        return content + nets.DELTA * delta.float()

    stage.uses([forward, networks.generator], options.compile)
    return stage, [model, projection], "conditional"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["shelf", "motion", "codes", "pictures"])
    parser.add_argument("weights", type=pathlib.Path, nargs="+")
    parser.add_argument("--shelf", type=pathlib.Path, required=True)
    parser.add_argument("--draw-dolls", help="the program of ../Dolls")
    parser.add_argument("--split", default="train")
    parser.add_argument("--first", type=int, default=2_000_000, help="the first group that is drawn")
    parser.add_argument("--chunks", type=int, default=48, help=f"of {shelf.CHUNK} groups")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--teacher", type=pathlib.Path, help="motion: whose ConvGRU says what all frames say")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--batch", type=int, default=96, help="states, or clips, a step")
    parser.add_argument("--contents", type=int, default=8, help="contents, some of them edited, for each state")
    parser.add_argument("--samples", type=int, default=4096, help="random pictures for the metric")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    networks = Composer(options.weights)
    networks.encoder = networks.encoder.to(memory_format=torch.channels_last)
    if options.stage == "shelf":
        shelf.fill(
            options.shelf, networks, options.draw_dolls, options.split, 1, options.first, options.chunks
        )
        return
    books = shelf.Shelf.read(options.shelf, count=options.chunks)
    parts = load(options.weights)
    stage, trained, file = (sparse if options.stage == "motion" else recoding)(options, parts, networks, books)
    stage.rates = [options.rate]

    def save(results):
        halved = lambda part, v: v.half() if part == "conditional" else v
        tensors = {part: {k: halved(part, v) for k, v in module.items()} for part, module in results.items()}
        torch.save(tensors, options.output / f"{file}.pt")

    drive(stage, options.steps, options.output, trained, save)


if __name__ == "__main__":
    main()
