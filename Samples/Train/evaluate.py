"""How near results come to exact drawings, over groups of a split that nothing was trained on.

evaluate.py WEIGHTS [WEIGHTS...] --draw-dolls PROGRAM: the stored weights, in float32 on the CPU.
"""
import argparse
import pathlib

import torch

from data import CHOICES, PARTS

# Frames of a group by what they show: crossed and mixed ones inside the window, then beyond it.
KINDS = {
    "own": range(0, 32),
    "crossed": [*range(32, 38), *range(40, 46)],
    "beyond": [38, 39, 46, 47],
    "mixed": range(48, 52),
    "edited": range(54, 60),
}
# Joints of each part that moves any.
MOVES = {"right-arm": [4, 5], "left-arm": [7, 8], "legs": [9, 10, 11, 12]}
EDITS = ["hair", "hairColor", "sleeve", "top", "topColor", "bottom", "bottomColor"]


def peak(y, x):
    """PSNR in dB of each picture in -1...1, clamped as a film would be."""
    return 10 * torch.log10(4 / (y.clamp(-1, 1) - x).square().mean((1, 2, 3)).clamp_min(1e-6))


@torch.no_grad()
def score(pool, cache, networks, probe, clip, heads, batch=8):
    """Means by kind of frame: PSNR of the result, of the still picture and of the truth's own code, joints in px.

    `networks` has generator, conditional and projection; the last two may be missing.
    """
    sums, device = {}, pool.device
    generator, conditional = networks["generator"], networks.get("conditional")

    def put(name, value):
        total, count = sums.get(name, (0.0, 0))
        sums[name] = (total + value.sum().item(), count + value.numel())

    for start in range(0, cache.count, batch):
        g = torch.arange(start, min(start + batch, cache.count), device=device)
        for kind, frames in KINDS.items():
            frames = torch.tensor([*frames], device=device).expand(len(g), -1)
            x = pool.pictures(g[:, None], frames)
            truth = pool.joints[g[:, None], frames].flatten(0, 1)
            distance = lambda y: (probe(y.clamp(-1, 1)) - truth).square().sum(-1).sqrt()
            content, style = (a.flatten(0, 1) for a in cache.inputs(g, frames))
            ceiling = generator(cache.codes[g[:, None], frames].flatten(0, 1).float())
            still = generator(content)
            put(f"{kind} ceiling dB", peak(ceiling, x))
            put(f"{kind} ceiling px", distance(ceiling))
            put(f"{kind} drawing px", distance(x))
            put(f"{kind} still dB", peak(still, x))
            put(f"{kind} still px", distance(still))
            if conditional is None:
                continue
            z = networks["projection"](cache.states[g[:, None], frames].flatten(0, 1).float())
            y = generator(conditional(content, style, z))
            put(f"{kind} result dB", peak(y, x))
            error = distance(y)
            put(f"{kind} result px", error)
            count = frames.shape[1]
            rows = lambda of_group: of_group.repeat_interleave(count)
            if kind == "mixed":
                for part, joints in MOVES.items():
                    alone = rows((pool.parts[g].sum(1) == 1) & (pool.parts[g, list(PARTS).index(part)] == 1))
                    if alone.any():
                        rest = [j for j in range(13) if j not in joints]
                        put(f"mixed {part} px", error[alone][:, joints])
                        put(f"mixed {part}, rest px", error[alone][:, rest])
            if kind == "edited":
                features = clip.image(y.clamp(-1, 1)).float()
                unedited = clip.image(still.clamp(-1, 1)).float()
                for index, name in enumerate(EDITS):
                    chosen = rows(pool.attribute[g] == index)
                    if chosen.any():
                        wanted = rows(pool.figures[g, 2, list(CHOICES).index(name)].long())
                        right = (heads[name](features).argmax(1) == wanted).float()[chosen]
                        put(f"edit {name}", right)
                        put("edit all", right)
                        put("edit none", (heads[name](unedited).argmax(1) == wanted).float()[chosen])
    return {name: round(total / count, 3) for name, (total, count) in sums.items()}


@torch.no_grad()
def main():
    from compose import Composer
    from conditional import Cache
    from data import Drawers, Pool
    from dynamics import CLIP_FRAMES, encode_clips
    from judges import JointProbe
    import convert
    import networks as nets

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path, nargs="+")
    parser.add_argument("--draw-dolls", required=True)
    parser.add_argument("--groups", type=int, default=96)
    parser.add_argument("--first", type=int, default=0, help="the first group")
    options = parser.parse_args()
    networks = Composer(options.weights)
    parts = convert.load(options.weights)
    judge, probe = nets.ClipModel(len(networks.tokenizer.vocabulary)), JointProbe()
    heads = torch.nn.ModuleDict({n: torch.nn.Linear(nets.WIDTH, k) for n, k in CHOICES.items()})
    for part, module in [("judge-clip", judge), ("joints", probe), ("judge-clip-heads", heads)]:
        module.load_state_dict({k: v.float() for k, v in parts[part].items()})
    pool = Pool(options.groups, torch.device("cpu"))
    drawn = Drawers(options.draw_dolls, pool, 1, "test", options.first, 1, chunk=8)
    drawn.wait(options.groups)
    codes = torch.zeros(options.groups, CLIP_FRAMES, nets.STATE, 8, 8)
    cache = Cache(pool, options.groups, whole=True)
    for start in range(0, options.groups, 8):
        place = slice(start, min(start + 8, options.groups))
        encode_clips(pool, networks.dynamics.swapae_encoder, place, codes, torch.float32)
        cache.look(place, networks.encoder, networks.generator, networks.clip, torch.float32)
        cache.solve(place, networks.dynamics, codes)
    found = dict(
        generator=networks.generator, conditional=networks.conditional, projection=networks.dynamics.conv1x1
    )
    for line in score(pool, cache, found, probe, judge, heads).items():
        print("%s: %s" % line, flush=True)


if __name__ == "__main__":
    main()
