"""Trains stored weights on, on a CPU that others use: by steps, not by the clock, and from the last checkpoint on.

polish.py shelf|clips WEIGHTS... --draw-dolls PROGRAM --shelf FOLDER --chunks FROM TO
polish.py recode WEIGHTS... --shelf FOLDER
polish.py exact|frames|motion|codes|edits|pictures WEIGHTS... --shelf FOLDER --output FOLDER --steps N
polish.py mean WEIGHTS WEIGHTS --output FOLDER

`shelf` draws groups and keeps what frozen networks say of them; `clips` keeps less, of more of them. What the other stages
learn from that is said in README.md and in shelved.py.
"""
import argparse
import copy
import os
import pathlib
import time

import torch

import networks as nets
import shelf
from autoencoder import Codes, pose_statistics, spread
from compose import Composer
from conditional import Cache
from data import FRAMES, WINDOW
from dynamics import Readout, solver_of
from shelved import Editing, Looking, Moving, Painting, Reading, Recoding, metric


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


def statistics_of(parts, pool):
    """Mean and deviation of poses that codes were taught with, if they were."""
    if "codes" in parts:
        return parts["codes"]["mean"], parts["codes"]["deviation"]
    return pose_statistics(pool)


def exact(options, parts, networks, books):
    codes = Codes(*statistics_of(parts, books.pool))
    return Reading(books, codes, options.batch, dtype=torch.float32), [codes], "codes"


def frames(options, parts, networks, books):
    encoder, readout = networks.dynamics.swapae_encoder, Readout(*statistics_of(parts, books.pool))
    maps = [shelf.maps_of(path) for path in sorted(options.shelf.glob("maps-*.npy"))]
    stage = Looking(books, maps, encoder, readout, options.batch, dtype=torch.bfloat16)
    return stage, [stage.half, readout], "frames"


def motion(options, parts, networks, books):
    dynamics, readout = networks.dynamics, Readout(*statistics_of(parts, books.pool))
    stage = Moving(books, options.batch, dynamics, readout, options.window, dtype=torch.float32)
    return stage, [solver_of(dynamics), readout], "dynamics"


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
    statistics = statistics_of(parts, pool)

    def composed(model, projection):
        def forward(state, content, styles):
            with stage.autocast():
                conditions = model.modulation_network(projection(state), styles)
                delta = model.style_mapper(content, conditions)
            return content + nets.DELTA * delta.float()

        return forward

    common = (
        books, torch.load(path, weights_only=True), options.batch, options.contents, networks.generator,
        pool, options.batch, cache, codes, average, model, projection, deviation, statistics,
    )  # fmt: skip
    if options.stage == "edits":
        taught = load([options.teacher])
        known, known_projection = copy.deepcopy(model), copy.deepcopy(projection)
        known.load_state_dict(taught["conditional"]), known_projection.load_state_dict(taught["projection"])
        teacher = composed(known, known_projection)
        stage = Editing(teacher, options.looks, *common, dtype=torch.bfloat16)
    else:
        kind = Painting if options.stage == "pictures" else Recoding
        stage = kind(*common, dtype=torch.bfloat16)
    stage.uses([composed(model, projection)], options.compile)
    return stage, [model, projection], "conditional"


def halved(part, tensor):
    return tensor.half() if part == "conditional" else tensor


def mean(folders, output):
    """Writes the mean of the conditional models of two folders."""
    a, b = load(folders[:1]), load(folders[1:])
    parts = {p: {k: halved(p, v.lerp(b[p][k], 0.5)) for k, v in a[p].items()} for p in ["conditional", "projection"]}
    output.mkdir(parents=True, exist_ok=True)
    torch.save(parts, output / "conditional.pt")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=[
        "shelf", "clips", "exact", "frames", "recode", "motion", "codes", "edits", "mean", "pictures",
    ])  # fmt: skip
    parser.add_argument("weights", type=pathlib.Path, nargs="+")
    parser.add_argument("--shelf", type=pathlib.Path)
    parser.add_argument("--draw-dolls", help="the program of ../Dolls")
    parser.add_argument("--split", default="train")
    parser.add_argument("--first", type=int, default=2_000_000, help="the first group that is drawn")
    parser.add_argument("--chunks", type=int, nargs=2, default=[0, 28], help=f"of {shelf.CHUNK} groups: from, to")
    parser.add_argument("--teacher", type=pathlib.Path, help="edits: the weights that say what is not edited")
    parser.add_argument("--looks", choices=["exact", "differences", "shapes"], default="shapes",
                        help="edits: what is learnt of looks")
    parser.add_argument("--window", type=int, default=WINDOW, help="motion: frames that it is trained over")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--clips", type=pathlib.Path, help="motion: another shelf, of `clips`")
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
    needs = {"mean": ["output"], "shelf": ["shelf", "draw_dolls"], "clips": ["shelf", "draw_dolls"], "recode": ["shelf"],
             "edits": ["shelf", "output", "steps", "teacher"]}  # fmt: skip
    for name in needs.get(options.stage, ["shelf", "output", "steps"]):
        if getattr(options, name) is None:
            parser.error(f"{options.stage} needs --{name.replace('_', '-')}")
    if options.stage == "mean":
        if len(options.weights) != 2:
            parser.error("mean takes two folders of weights")
        mean(options.weights, options.output)
        return
    drawn = options.stage in ["shelf", "clips"]
    if not drawn and not any(options.shelf.glob("chunk-*.pt")):
        parser.error(f"{options.shelf} holds no chunks; polish.py shelf makes them")
    networks = Composer(options.weights)
    networks.encoder = networks.encoder.to(memory_format=torch.channels_last)
    if drawn:
        shelf.fill(
            options.shelf, shelf.look if options.stage == "shelf" else shelf.glance, networks, options.draw_dolls,
            options.split, 1, options.first, range(*options.chunks),
        )  # fmt: skip
        return
    if options.stage == "recode":
        shelf.recode(options.shelf, networks.dynamics.swapae_encoder)
        return
    books = shelf.Shelf.read(options.shelf, *([options.clips] if options.clips else []))
    parts = load(options.weights)
    stages = dict(exact=exact, frames=frames, motion=motion, edits=recoding, codes=recoding, pictures=recoding)
    stage, trained, file = stages[options.stage](options, parts, networks, books)
    stage.rates = [options.rate]

    def save(results):
        if "frames" in results:
            results["frames"] = stage.folded(stage.averages["frames"].module).state_dict()
        tensors = {part: {k: halved(part, v) for k, v in module.items()} for part, module in results.items()}
        torch.save(tensors, options.output / f"{file}.pt")

    drive(stage, options.steps, options.output, trained, save)


if __name__ == "__main__":
    main()
