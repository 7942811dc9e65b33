"""What a pack's networks make of clips, in PyTorch: for reports, and to compare with vsdb."""
import copy
import pathlib
import subprocess

import numpy as np
import torch
from torchdiffeq import odeint

import convert
import networks as nets
from data import Tokenizer, cells
from dynamics import solver_of


class Composer:
    """The networks of folders that train.py wrote, in float32, the ODE in float64, as vsdb computes them."""

    def __init__(self, folders):
        parts = convert.load([pathlib.Path(folder) for folder in folders])

        def load(part, module):
            missing, unknown = module.load_state_dict(parts[part], strict=False)
            assert not unknown and all(key.endswith("num_batches_tracked") for key in missing), (part, missing)
            return module.float().eval().requires_grad_(False)

        self.tokenizer = Tokenizer()
        self.encoder = load("encoder", nets.Encoder())
        self.generator = load("generator", nets.Generator())
        self.clip = load("clip", nets.ClipModel(len(self.tokenizer.vocabulary)))
        self.dynamics = nets.Dynamics()
        load("frames", self.dynamics.swapae_encoder)
        load("solver", solver_of(self.dynamics))
        load("projection", self.dynamics.conv1x1)
        self.dynamics.eval().requires_grad_(False)
        self.conditional = load("conditional", nets.Conditional())
        self.field = copy.deepcopy(self.dynamics.diffeq_solver.ode_func).double()

    @torch.no_grad()
    def clip_of(self, frames, count=16):
        """Frames [T, 3, 128, 128] in -1...1 at 25 a second to content, state, style of the observed ones."""
        index = (torch.arange(count) * (len(frames) - 1) / (count - 1)).round().long()
        x = frames[index]
        content = self.encoder(x).mean(0)
        z = self.dynamics.encode((x[None] + 1) / 2, index[None] / 50, torch.float32)[0]
        return content, z, self.clip.image(self.generator(content[None]))[0]

    @torch.no_grad()
    def text(self, caption):
        return self.clip.text(torch.tensor([self.tokenizer(caption)]))[0]

    @torch.no_grad()
    def render(self, content, z, style, times):
        """Pictures [Q, 3, 128, 128] at times [Q] in units of t."""
        times = torch.as_tensor(times, dtype=torch.float64)
        start = torch.cat([torch.zeros(1, dtype=torch.float64), times[times > 0]])
        solved = odeint(lambda t, y: self.field(y), z[None].double(), start, rtol=1e-3, atol=1e-4)
        states = (solved if times[0] == 0 else solved[1:])[:, 0].float()
        repeated = lambda a: a[None].expand(len(times), *a.shape)
        codes = self.conditional(repeated(content), repeated(style), self.dynamics.conv1x1(states))
        return self.generator(codes)


def region(*names):
    """The cells of parts of the body: [8, 8]."""
    from data import PARTS

    return sum(cells()[list(PARTS).index(name)] for name in names)


def frames_of(drawer, split, figure, motion, seed=1, mix=None, parts=None):
    """50 exact drawings as [50, 3, 128, 128] in -1...1."""
    command = [drawer, "film", "--seed", str(seed), "--split", split, "--figure", str(figure), "--motion", str(motion)]
    if mix is not None:
        command += ["--mix", str(mix), "--parts", parts]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    x = torch.from_numpy(np.frombuffer(raw, np.uint8).copy()).reshape(-1, 128, 128, 3)
    return x.permute(0, 3, 1, 2).float() / 127.5 - 1
