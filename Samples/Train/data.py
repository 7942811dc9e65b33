"""Drawn groups on their way from `draw-dolls` into the memory of the device, and what their numbers say.

What a group is, and what its numbers are, says ../Dolls/Sources/Dolls/TrainingGroup.swift.
"""
import functools
import itertools
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import numpy as np
import torch
import torch.nn.functional as F

from stage import capturing

FRAMES, OBSERVED, WINDOW, POSES, JOINTS, FIGURE = 60, 16, 50, 126, 13, 34
POSE_NUMBERS = 18
NUMBERS = 3 * FIGURE + 2 + FRAMES + 12 + 2 * POSES * POSE_NUMBERS + FRAMES * 2 * JOINTS
PIXELS = 128 * 128 * 3
TOKENS = 32

# The parts of the body: rows and columns of the 8x8 grid, and numbers of the pose, in the order of Pose.Part.
PARTS = {
    "right-arm": ((0, 4), (0, 2), range(7, 10)),
    "left-arm": ((0, 4), (5, 7), range(10, 13)),
    "legs": ((5, 7), (0, 7), range(13, 18)),
    "torso": ((2, 4), (3, 4), range(0, 3)),
    "head": ((0, 1), (3, 4), range(3, 7)),
}
# The named choices of a figure, first in its numbers, and how many values each has.
CHOICES = {
    "gender": 2, "hair": 6, "hairColor": 5, "sleeve": 3, "top": 3, "topColor": 11, "bottom": 4, "bottomColor": 11
}  # fmt: skip
# Which figure a frame shows (0 A, 1 B, 2 edited A), whose content and whose motion it takes (0 a, 1 b, 2 mixed).
SHOWS = [0] * 16 + [1] * 16 + [0] * 8 + [1] * 8 + [0] * 6 + [2] * 6
CONTENT = [0] * 16 + [1] * 16 + [0] * 8 + [1] * 8 + [0] * 12
MOTION = [0] * 16 + [1] * 16 + [1] * 8 + [0] * 8 + [2] * 6 + [0] * 6


FEATURES = sum(CHOICES.values()) + 18 + 6 + 1


def cells():
    """Which cells belong to each part: [5, 8, 8]."""
    mask = torch.zeros(len(PARTS), 8, 8)
    for index, (rows, columns, _) in enumerate(PARTS.values()):
        mask[index, rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = 1
    return mask


def owners():
    """Which numbers of a pose belong to each part: [5, 18]."""
    return torch.tensor([[float(n in part[2]) for n in range(POSE_NUMBERS)] for part in PARTS.values()])


@functools.cache
def constant(name, device):
    """Small tables on the device; made before a graph is captured, since making one waits for the processor."""
    tables = dict(
        shows=lambda: torch.tensor(SHOWS),
        content=lambda: torch.tensor(CONTENT),
        motion=lambda: torch.tensor(MOTION),
        cells=cells,
        owners=owners,
    )
    return tables[name]().to(device)


def features(figures, legs):
    """Figures [..., 34] and the length of their legs [...] as numbers around -1...1: [..., FEATURES]."""
    named = [F.one_hot(figures[..., n].long(), count).float() for n, count in enumerate(CHOICES.values())]
    return torch.cat([*named, figures[..., 10:28] * 2 - 1, figures[..., 28:], legs[..., None]], -1)


def leg_length(hip, pose):
    """What the figure's numbers leave out, from the height of the hip over the floor [...] in a pose [..., 18]."""
    (right, left), (right_spread, left_spread) = pose[..., 13:17:2].unbind(-1), pose[..., 14:17:2].unbind(-1)
    reach = lambda lift, spread: spread.cos() * (24 * (1.25 * lift).cos() + 22.5 * (1 - 0.18 * lift))
    longest = torch.maximum(reach(right, right_spread), reach(left, left_spread))
    return ((116.5 - pose[..., 17] - hip - 1) / longest - 1) * 25


class Tokenizer:
    """CLIP's byte-pair encoding, with merges that make one token of every word of the captions."""

    WORDS = (
        "a an photo of woman man with short bob long ponytail bun curly black brown blonde red gray hair wearing "
        "sleeveless sleeved orange yellow green blue purple pink white top crop dress and pants shorts skirt"
    ).split()

    def __init__(self):
        shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
        hidden = [b for b in range(256) if b not in shown]
        alphabet = [chr(b) for b in shown] + [chr(256 + n) for n in range(len(hidden))]
        self.merges = self.learn()
        symbols = alphabet + [a + "</w>" for a in alphabet] + ["".join(m) for m in self.merges]
        self.vocabulary = {s: n for n, s in enumerate(symbols + ["<|startoftext|>", "<|endoftext|>"])}
        self.known = {}

    def learn(self):
        words = [[*word[:-1], word[-1] + "</w>"] for word in self.WORDS]
        merges = []
        while any(len(word) > 1 for word in words):
            counts = {}
            for word in words:
                for pair in itertools.pairwise(word):
                    counts[pair] = counts.get(pair, 0) + 1
            best = max(counts, key=counts.get)
            merges.append(best)
            words = [self.merged(word, best) for word in words]
        return merges

    @staticmethod
    def merged(word, pair):
        result, index = [], 0
        while index < len(word):
            if tuple(word[index : index + 2]) == pair:
                result.append("".join(pair))
                index += 2
            else:
                result.append(word[index])
                index += 1
        return result

    def word(self, word):
        if word not in self.known:
            parts = [*word[:-1], word[-1] + "</w>"]
            for pair in self.merges:
                parts = self.merged(parts, pair)
            self.known[word] = [self.vocabulary[p] for p in parts]
        return self.known[word]

    def __call__(self, caption):
        ids = [self.vocabulary["<|startoftext|>"]]
        for word in caption.replace("-", " - ").split():
            ids += self.word(word)
        ids.append(self.vocabulary["<|endoftext|>"])
        return ids + [0] * (TOKENS - len(ids))


class Pool:
    """Groups in the memory of the device."""

    def __init__(self, capacity, device, pictures=True):
        """Without `pictures` a pool holds numbers only, of groups that were looked at elsewhere."""
        self.capacity, self.device, self.tokenizer = capacity, device, Tokenizer()
        make = lambda *shape, dtype=torch.float32: torch.zeros(shape, dtype=dtype, device=device)
        self.frames = make(capacity if pictures else 0, FRAMES, 128, 128, 3, dtype=torch.uint8)
        self.figures = make(capacity, 3, FIGURE)
        self.features = make(capacity, 3, FEATURES)
        self.attribute = make(capacity, dtype=torch.long)
        self.parts = make(capacity, len(PARTS))
        self.times = make(capacity, FRAMES, dtype=torch.long)
        self.poses = make(capacity, 2, POSES, POSE_NUMBERS)
        self.joints = make(capacity, FRAMES, JOINTS, 2)
        self.tokens = make(capacity, 3, TOKENS, dtype=torch.long)
        # How many groups are there, also on the device, where a captured step reads it.
        self.filled, self.count = 0, make(dtype=torch.long)
        self.stream = torch.cuda.Stream() if device.type == "cuda" else None

    def add(self, frames, numbers, captions):
        """Adds groups: bytes [N, 60, 128, 128, 3], numbers [N, M], N lines of captions."""
        n = min(len(numbers), self.capacity - self.filled)
        place = slice(self.filled, self.filled + n)
        sizes = [3 * FIGURE, 1, 1, FRAMES, 12, 2 * POSES * POSE_NUMBERS, FRAMES * 2 * JOINTS]
        numbers = torch.from_numpy(numbers[:n]).split(sizes, 1)
        figures, attribute, bits, times, _, poses, joints = numbers
        figures, poses = figures.reshape(n, 3, FIGURE), poses.reshape(n, 2, POSES, POSE_NUMBERS)
        joints = joints.reshape(n, FRAMES, JOINTS, 2)
        # Frames 0 and 16 show A and B at their first moment; joint 2 is the hip.
        legs = leg_length(joints[:, [0, 16], 2, 1], poses[:, :, 0])[:, [0, 1, 0]]
        values = {
            "frames": frames[:n].reshape(n, FRAMES, 128, 128, 3),
            "figures": figures,
            "features": features(figures, legs),
            "attribute": attribute[:, 0],
            "parts": (bits.long() >> torch.arange(len(PARTS)) & 1).float(),
            "times": times,
            "poses": poses,
            "joints": joints,
            "tokens": torch.tensor([[self.tokenizer(c) for c in line.split("\t")] for line in captions[:n]]),
        }
        with capturing, torch.cuda.stream(self.stream) if self.stream else torch.no_grad():
            for name, value in values.items():
                target = getattr(self, name)
                target[place].copy_(value.to(target.dtype), non_blocking=True)
            if self.stream:
                self.stream.synchronize()
            self.filled = place.stop
            self.count.fill_(self.filled)

    def pictures(self, groups, frames):
        """Frames [...] of groups [...] as [N, 3, 128, 128] in -1...1, channels last."""
        x = self.frames[groups, frames].flatten(0, -4)
        return x.permute(0, 3, 1, 2).float() / 127.5 - 1

    def poses_of(self, groups, frames):
        """The poses [B, N, 18] that frames [B, N] of groups [B] show."""
        rows, time = groups[:, None], self.times[groups[:, None], frames]
        motion = constant("motion", self.device)[frames]
        pose = self.poses[rows, motion.clamp(max=1), time]
        mixed = (self.parts[groups] @ constant("owners", self.device))[:, None] * (motion == 2)[..., None]
        return torch.lerp(torch.where((motion == 2)[..., None], self.poses[rows, 0, time], pose),
                          self.poses[rows, 1, time], mixed)

    def features_of(self, groups, frames):
        """The figures that frames [B, N] of groups [B] show, as numbers: [B, N, FEATURES]."""
        return self.features[groups[:, None], constant("shows", self.device)[frames]]


class Drawers:
    """Processes that draw into a folder in memory, and a thread that moves what they drew into a pool."""

    def __init__(self, binary, pool, seed, split, first, processes, chunk=16, libraries=None):
        shared = pathlib.Path("/dev/shm")
        room = shutil.disk_usage(shared).free if shared.exists() else 0
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=shared if room > 8 << 30 else None))
        environment = dict(os.environ, **({"LD_LIBRARY_PATH": libraries} if libraries else {}))
        share = -(-pool.capacity // processes)
        self.pool, self.stopped = pool, False
        self.processes = [
            subprocess.Popen(
                ["nice", "-n", "10", binary, "groups", "--seed", str(seed), "--split", split,
                 "--first", str(first + index * share), "--count", str(share), "--folder", str(self.folder),
                 "--chunk", str(chunk), "--backlog", "3"],
                env=environment,
            )
            for index in range(processes)
        ]  # fmt: skip
        pinned = pool.device.type == "cuda"
        self.buffer = torch.empty(chunk, FRAMES * PIXELS, dtype=torch.uint8, pin_memory=pinned)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopped and self.pool.filled < self.pool.capacity:
            ended = all(p.poll() is not None for p in self.processes)
            whole = sorted(self.folder.glob("*.frames"), key=lambda p: p.stat().st_mtime)
            if not whole:
                if ended:
                    break
                time.sleep(0.005)
            for path in whole:
                if not self.stopped and self.pool.filled < self.pool.capacity:
                    self.take(path)
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def take(self, path):
        numbers = np.fromfile(path.with_suffix(".numbers"), np.float32).reshape(-1, NUMBERS)
        captions = path.with_suffix(".captions").read_text().splitlines()
        with open(path, "rb", buffering=0) as file:
            rest = memoryview(self.buffer.numpy()[: len(numbers)].reshape(-1))
            while len(rest):
                rest = rest[file.readinto(rest) :]
        for suffix in [".numbers", ".captions", ".frames"]:
            path.with_suffix(suffix).unlink()
        self.pool.add(self.buffer[: len(numbers)], numbers, captions)

    def wait(self, count):
        """Waits until the pool holds that many groups."""
        while self.pool.filled < min(count, self.pool.capacity):
            if not self.thread.is_alive():
                raise RuntimeError("the drawers ended too early; run draw-dolls by hand to see why")
            time.sleep(0.02)

    def stop(self):
        self.stopped = True
        self.thread.join(10)
