"""Records what a pack's networks compute, stage by stage: the check values of Tests/Goldens/starter_pack.

record.py WEIGHTS [WEIGHTS...] --draw-dolls PROGRAM --output io.safetensors

Codes and pictures in float32, the walk over the observed frames and the ODE in float64, as vsdb computes them.
"""
import argparse
import copy
import pathlib

import torch
import torch.nn.functional as F
from torchdiffeq import odeint

import convert
import networks as nets
from compose import Composer, frames_of, region

SAMPLED = [0, 4, 9, 13, 18, 22, 27, 31, 36, 40, 45, 49]
QUERIED = [0, 6, 12.5, 20, 33, 45]
STORED, STORED_OTHER = [1, 4], [4]
EDIT = ("sleeveless brown top", "sleeveless pink top")


class Recorder:
    def __init__(self, folders):
        self.networks = Composer(folders)
        self.walk = copy.deepcopy(self.networks.dynamics.encoder_z0).double()
        self.times = torch.tensor(QUERIED) / 50
        self.tensors = dict(
            sampleT=torch.tensor(SAMPLED).float(), times_obs=torch.tensor(SAMPLED) / 50,
            queryT=torch.tensor(QUERIED).float(), times_query=self.times,
            stored_query_indices=torch.tensor(STORED), stored_query_indices_other=torch.tensor(STORED_OTHER),
        )  # fmt: skip

    def clip(self, name, frames):
        n, x = self.networks, frames[SAMPLED]
        codes = n.encoder(x)
        content = codes.mean(0, keepdim=True)
        observed = n.dynamics.codes((x[None] + 1) / 2, torch.float32)
        z = self.walk(observed.double(), (torch.tensor(SAMPLED) / 50)[None].double())
        still = n.generator(content)
        self.tensors |= {
            f"{name}/frames_uint8": ((x + 1) * 127.5).round().byte(),
            f"{name}/wplus": codes, f"{name}/z_C": content, f"{name}/z_d0": z, f"{name}/z_dt": self.solved(z),
            f"{name}/still_frame_minus1_1": still, f"{name}/style_token": n.clip.image(still),
            f"{name}/reconstruction_first_frame_minus1_1": n.generator(codes[:1]),
        }  # fmt: skip

    def solved(self, z):
        return odeint(lambda t, y: self.networks.field(y), z, self.times.double(), rtol=1e-3, atol=1e-4)[:, 0]

    def scene(self, name, content, z, style):
        n, count = self.networks, len(QUERIED)
        states = n.dynamics.conv1x1(self.solved(z).float())
        conditions = n.conditional.modulation_network(states, style.expand(count, -1))
        repeated = content.expand(count, -1, -1)
        delta = n.conditional.style_mapper(repeated, conditions)
        stored = STORED if name in ["own_A", "A_with_motion_B"] else STORED_OTHER
        codes = (repeated + nets.DELTA * delta)[stored]
        self.tensors |= {f"{name}/cond_{k}": c for k, c in zip(["coarse", "medium", "fine"], conditions)}
        self.tensors |= {
            f"{name}/z_d0": z, f"{name}/delta": delta, f"{name}/w_t": codes,
            f"{name}/frames_minus1_1": n.generator(codes),
        }  # fmt: skip


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path, nargs="+")
    parser.add_argument("--draw-dolls", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    recorder = Recorder(options.weights)
    recorder.clip("A", frames_of(options.draw_dolls, "test", 0, 0))
    recorder.clip("B", frames_of(options.draw_dolls, "test", 1, 1))
    t = recorder.tensors
    style = t["A/style_token"]
    recorder.scene("own_A", t["A/z_C"], t["A/z_d0"], style)
    recorder.scene("A_with_motion_B", t["A/z_C"], t["B/z_d0"], style)
    recorder.scene("B_with_motion_A", t["B/z_C"], t["A/z_d0"], t["B/style_token"])
    mask = region("right-arm")
    t["masked_right_arm/mask"] = mask
    mixed = mask.double() * t["B/z_d0"] + (1 - mask.double()) * t["A/z_d0"]
    recorder.scene("masked_right_arm", t["A/z_C"], mixed, style)
    caption = f"a photo of a woman with curly brown hair wearing a {EDIT[0]} and green pants"
    clip, tokenizer = recorder.networks.clip, recorder.networks.tokenizer
    tokens = torch.tensor([tokenizer(c) for c in [caption, caption.replace(*EDIT)]])
    features = clip.text(tokens)
    t["text_edit/tokens"] = F.pad(tokens, (0, nets.CLIP["context"] - tokens.shape[1])).int()
    t["text_edit/text_features"] = features
    edited = style + (features[1] - features[0])
    t["text_edit/style_token"] = edited
    recorder.scene("text_edit", t["A/z_C"], t["A/z_d0"], edited)
    convert.write_safetensors(options.output, t)


if __name__ == "__main__":
    main()
