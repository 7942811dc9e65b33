"""Groups as a CPU can keep them by the thousand: everything that frozen networks say of them, and no pictures.

A shelf is a folder of chunks. A chunk holds numbers, codes of observed frames by the frame encoder, contents and styles,
and the directions of every edit of a shape that captions can name. Such an edit needs no drawing: the exact code
of an edited figure follows from its numbers.
"""
import os
import time

import numpy as np
import torch

import networks as nets
from autoencoder import GROUPS
from data import CHOICES, FEATURES, FIGURE, OBSERVED, PARTS, POSE_NUMBERS, POSES, TOKENS, FRAMES, Drawers, Pool
from dynamics import CLIP_FRAMES

CHUNK = 64
# How captions name values, in the order of Figure's enumerations.
HAIRS = ["short", "bob", "long", "ponytail", "bun", "curly"]
HAIR_COLORS = ["black", "brown", "blonde", "red", "gray"]
SLEEVES = ["sleeveless", "short-sleeved", "long-sleeved"]
TOPS = ["top", "crop top", "dress"]
COLORS = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "gray", "brown"]
BOTTOMS = ["none", "pants", "shorts", "skirt"]
# Frames of a group whose codes are read one by one, beside those of B: A's every second, and two of edited A.
DENSE, EDITED = list(range(0, OBSERVED, 2)), [54, 57]
VARIANTS = 10  # 5 hairs, 2 sleeves, 1 top, 2 bottoms: no figure has more
# What a chunk holds of each group.
FIELDS = {
    "figures": (3, FIGURE),
    "features": (3, FEATURES),
    "attribute": (),
    "parts": (len(PARTS),),
    "times": (FRAMES,),
    "poses": (2, POSES, POSE_NUMBERS),
    "tokens": (3, TOKENS),
    "frame_codes": (CLIP_FRAMES, nets.STATE, 8, 8),
    # Which frames were read, and the vectors of their groups of layers, without the average.
    "frames_read": (len(DENSE) + 5 + len(EDITED),),
    "read": (len(DENSE) + 5 + len(EDITED), GROUPS, nets.STYLE),
    "content": (2, nets.LAYERS, nets.STYLE),
    "style": (2, nets.WIDTH),
    "direction": (nets.WIDTH,),
    # Of A and B: the choice that each variant changes (-1: there is none), its new value, and the way there.
    "variant": (2, VARIANTS, 2),
    "way": (2, VARIANTS, nets.WIDTH),
}


def caption_of(choices):
    """What Figure.caption says of the eight choices of a figure."""
    gender, hair, hair_color, sleeve, top, top_color, bottom, bottom_color = choices
    words = (
        f"a photo of a {['woman', 'man'][gender]} with {HAIRS[hair]} {HAIR_COLORS[hair_color]} hair wearing a "
        f"{SLEEVES[sleeve]} {COLORS[top_color]} {TOPS[top]}"
    )
    color = COLORS[bottom_color]
    if BOTTOMS[bottom] == "skirt":
        return words + f" and {'an' if color == 'orange' else 'a'} {color} skirt"
    return words if BOTTOMS[bottom] == "none" else words + f" and {color} {BOTTOMS[bottom]}"


def variants_of(choices):
    """Every edit of a shape that a caption can name, as (choice, value): Figure.variants."""
    woman, dress = choices[0] == 0, choices[4] == TOPS.index("dress")
    values = {1: range(6) if woman else [0, 5], 3: range(3)}
    if woman and not dress:
        values[4] = range(2)
    if not dress:
        values[6] = range(1, 4) if woman else range(1, 3)
    return [(index, value) for index, known in values.items() for value in known if value != choices[index]]


def altered(features, choice, value):
    """Numbers [N, FEATURES] of figures with another value [N] of a choice [N] (-1: as they are)."""
    first = torch.tensor([0, *CHOICES.values()]).cumsum(0)
    place = torch.arange(FEATURES)[None]
    start, end = first[choice][:, None], first[choice + 1][:, None]
    inside = (place >= start) & (place < end) & (choice >= 0)[:, None]
    return torch.where(inside, (place == start + value[:, None]).float(), features)


class Shelf:
    """Chunks of groups in memory: a pool without pictures, and what networks say of it."""

    def __init__(self, chunks):
        self.count = CHUNK * len(chunks)
        self.pool = Pool(self.count, torch.device("cpu"), pictures=False)
        for name in FIELDS:
            if not all(name in chunk for chunk in chunks):
                continue
            tensors = [chunk.pop(name) for chunk in chunks]
            setattr(self.pool if hasattr(self.pool, name) else self, name, torch.cat(tensors))
        self.pool.filled = self.count
        self.pool.count.fill_(self.count)

    @staticmethod
    def read(*folders):
        """Chunks of folders, and what all of them hold."""
        chunks = []
        for folder in folders:
            for path in sorted(folder.glob("chunk-*.pt")):
                codes = path.with_name(path.name.replace("chunk", "codes"))
                chunks.append(torch.load(path, weights_only=True) | torch.load(codes, weights_only=True))
        return Shelf(chunks)


def maps_of(path):
    """The maps that a frame encoder's first half says of a chunk's observed frames: [64, 32, 64, 32, 32] of bfloat16."""
    maps = torch.from_numpy(np.load(path, mmap_mode="c")).view(torch.bfloat16)
    return maps.permute(0, 1, 4, 2, 3)


@torch.no_grad()
def recode(folder, encoder):
    """Writes the frames' codes of all chunks of a folder anew, from their maps."""
    for path in sorted(folder.glob("maps-*.npy")):
        codes = torch.stack([encoder.late(nets.channels_last(maps)).half() for maps in maps_of(path)])
        target = path.with_name(path.name.replace("maps", "codes")).with_suffix(".pt")
        torch.save(dict(frame_codes=codes), target.with_suffix(".partial"))
        os.replace(target.with_suffix(".partial"), target)


@torch.no_grad()
def glance(pool, networks):
    """`look`, but for clips alone: what ConvGRU and ODE learn from."""
    codes, maps = [], []
    for group in range(pool.filled):
        x = (pool.pictures(torch.tensor([group])[:, None], torch.arange(CLIP_FRAMES)[None]) + 1) / 2
        early = networks.dynamics.swapae_encoder.early(x, torch.bfloat16)
        codes.append(networks.dynamics.swapae_encoder.late(early).half())
        maps.append(early.permute(0, 2, 3, 1))
    said = {name: getattr(pool, name) for name in FIELDS if hasattr(pool, name)}
    return said, torch.stack(codes), torch.stack(maps).contiguous().view(torch.int16).numpy()


@torch.no_grad()
def look(pool, networks):
    """What frozen networks say of a chunk's drawings; the frames' codes; the frames' maps, channels last, as bits."""
    said, codes, maps = glance(pool, networks)
    N = pool.filled
    content = torch.zeros(N, *FIELDS["content"])
    frames_read = torch.zeros(N, *FIELDS["frames_read"], dtype=torch.long)
    vectors = torch.zeros(N, *FIELDS["read"])
    g = torch.arange(N)
    # A as a dense clip shows it (every second frame: the mean is the same), B as three to five frames do.
    seen = torch.rand(N, OBSERVED - 1).argsort(1) + 1 + OBSERVED
    counts = torch.randint(2, 5, (N,))
    D = len(DENSE)
    for start in range(0, N, 8):
        place = slice(start, start + 8)
        rows = g[place, None]
        at = lambda frames: torch.tensor(frames)[None].expand(len(rows), -1)
        frames = torch.cat([at(DENSE), at([OBSERVED]), seen[place, :4], at(EDITED)], 1)
        with torch.autocast("cpu", torch.bfloat16):
            read = networks.encoder(pool.pictures(rows, frames)).float().unflatten(0, (len(rows), -1))
        shown = (torch.arange(5)[None] <= counts[place, None]).float()
        content[place, 0] = read[:, :D].mean(1)
        content[place, 1] = (read[:, D : D + 5] * shown[..., None, None]).sum(1) / shown.sum(1)[:, None, None]
        frames_read[place] = frames
        vectors[place] = (read - networks.encoder.latent_avg).unflatten(2, (GROUPS, -1)).mean(3)
    still = torch.cat([networks.generator(c.flatten(0, 1)).clamp(-1, 1) for c in content.split(8)])
    texts = networks.clip.text(pool.tokens.flatten(0, 1)).unflatten(0, (N, 3))
    variant = torch.full((N, *FIELDS["variant"]), -1)
    way = torch.zeros(N, *FIELDS["way"])
    for index in range(N):
        for which in range(2):
            choices = pool.figures[index, which, :8].long().tolist()
            assert pool.tokenizer(caption_of(choices)) == pool.tokens[index, which].tolist(), caption_of(choices)
            edits = variants_of(choices)
            tokens = [pool.tokenizer(caption_of([*choices[:c], v, *choices[c + 1 :]])) for c, v in edits]
            variant[index, which, : len(edits)] = torch.tensor(edits)
            way[index, which, : len(edits)] = networks.clip.text(torch.tensor(tokens)) - texts[index, which]
    return said | dict(
        frames_read=frames_read, read=vectors, content=content, style=networks.clip.image(still).unflatten(0, (N, 2)),
        direction=texts[:, 2] - texts[:, 0], variant=variant, way=way,
    ), codes, maps  # fmt: skip


def fill(folder, looks, networks, binary, split, seed, first, chunks, log=print):
    """Draws those of the chunks (a range) that are not there yet, from group `first` on, and `looks` at them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = lambda number: folder / f"chunk-{number:05}.pt"
    wanted = [number for number in chunks if not path(number).exists()]

    def drawn(number):
        pool = Pool(CHUNK, torch.device("cpu"))
        return Drawers(binary, pool, seed, split, first + CHUNK * number, 1)

    upcoming = drawn(wanted[0]) if wanted else None
    for index, number in enumerate(wanted):
        begin, drawers = time.time(), upcoming
        drawers.wait(CHUNK)
        upcoming = drawn(wanted[index + 1]) if index + 1 < len(wanted) else None
        torch.manual_seed(1_000_000 * seed + first + number)
        said, codes, maps = looks(drawers.pool, networks)
        np.save(folder / f"maps-{number:05}.npy", maps)
        torch.save(dict(frame_codes=codes), folder / f"codes-{number:05}.pt")
        # The chunk last: where it is, the others are whole.
        partial = path(number).with_suffix(".partial")
        torch.save(said, partial)
        os.replace(partial, path(number))
        log(f"chunk {number}: {time.time() - begin:.1f} s")
