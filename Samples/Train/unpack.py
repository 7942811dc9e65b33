"""Takes a pack, and the judges, apart into weights as train.py writes them: the way back of convert.py.

unpack.py PACK [--judges JUDGES] --output FOLDER

`train.py --part 3` goes on from them, and learns what a pack does not hold: exact codes, and what reads poses off
states.
"""
import argparse
import json
import math
import pathlib

import torch

DTYPES = {
    "F16": torch.float16, "F32": torch.float32, "F64": torch.float64,
    "U8": torch.uint8, "I32": torch.int32, "I64": torch.int64,
}  # fmt: skip
# Of each file: where the tensors of a prefix belong. The first that fits counts.
PLACES = {
    "generator": [("noises.", None, ""), ("style.", "mapping", "style."), ("latent_avg", "mapping", "latent_avg"),
                  ("", "generator", "")],
    "encoder": [("encoder.", "encoder", ""), ("latent_avg", "encoder", "latent_avg")],
    "clip": [("", "clip", "")],
    "vidstyleode": [
        ("bVAE_enc.swapae_encoder.", "frames", ""),
        ("bVAE_enc.encoder_z0.", "solver", "0."),
        ("bVAE_enc.diffeq_solver.", "solver", "1."),
        ("bVAE_enc.conv1x1.", "projection", ""),
        ("", "conditional", ""),
    ],
}
JUDGES = {"joints": [("", "joints", "")], "clip": [("", "judge-clip", "")]}
FILES = {
    "encoder": ["encoder"],
    "generator": ["generator"],
    "mapping": ["mapping"],
    "clip": ["clip"],
    "judges": ["judge-clip", "joints"],
    "dynamics": ["frames", "solver"],
    "conditional": ["conditional", "projection"],
}


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        count = math.prod(entry["shape"])
        if count == 0:
            tensors[name] = torch.zeros(entry["shape"], dtype=DTYPES[entry["dtype"]])
            continue
        flat = torch.frombuffer(data, dtype=DTYPES[entry["dtype"]], count=count, offset=entry["data_offsets"][0])
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


def taken_apart(folder, places):
    parts = {}
    for file, prefixes in places.items():
        for key, tensor in read_safetensors(folder / f"{file}.safetensors").items():
            prefix, part, instead = next(place for place in prefixes if key.startswith(place[0]))
            if part:
                name = instead + key[len(prefix) :]
                parts.setdefault(part, {})[name] = tensor
                if name.endswith("running_mean"):
                    parts[part][name.replace("running_mean", "num_batches_tracked")] = torch.tensor(0)
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=pathlib.Path)
    parser.add_argument("--judges", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    parts = taken_apart(options.pack, PLACES)
    if options.judges:
        parts |= taken_apart(options.judges, JUDGES)
    options.output.mkdir(parents=True, exist_ok=True)
    for file, members in FILES.items():
        found = {part: parts[part] for part in members if part in parts}
        if found:
            torch.save(found, options.output / f"{file}.pt")


if __name__ == "__main__":
    main()
