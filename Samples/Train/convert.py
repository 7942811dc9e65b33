"""Makes a pack, and the judges, of what train.py wrote: later folders of weights win over earlier ones.

convert.py WEIGHTS [WEIGHTS...] --pack PACK --judges JUDGES --name NAME --provenance TEXT
"""
import argparse
import functools
import hashlib
import json
import pathlib
import re
import struct

import torch

import networks as nets
from data import PARTS, Tokenizer, cells

DTYPES = {
    torch.float16: "F16", torch.float32: "F32", torch.float64: "F64",
    torch.uint8: "U8", torch.int32: "I32", torch.int64: "I64",
}  # fmt: skip


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, tensor in sorted(tensors.items()):
        size = tensor.numel() * tensor.element_size()
        header[name] = dict(
            dtype=DTYPES[tensor.dtype], shape=list(tensor.shape), data_offsets=[offset, offset + size]
        )
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            file.write(tensors[name].contiguous().numpy().tobytes())


def load(folders):
    """All parts of all files, in half precision but for statistics and what is integrated."""
    parts = {}
    for folder in folders:
        for path in sorted(folder.glob("*.pt")):
            parts |= torch.load(path, map_location="cpu", weights_only=True)
    kept = lambda part, key: "running" in key or "avg" in key or (part == "solver" and key.startswith("1."))
    return {
        part: {
            key: value.half() if value.is_floating_point() and not kept(part, key) else value
            for key, value in tensors.items()
            if not key.endswith("num_batches_tracked")
        }
        for part, tensors in parts.items()
    }


def write_vocabulary(folder):
    tokenizer = Tokenizer()
    (folder / "vocab.json").write_text(json.dumps(tokenizer.vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2"] + [" ".join(merge) for merge in tokenizer.merges]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")


def file_of(folder, name, prefix=None):
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    return dict(path=name, sha256=digest) | ({} if prefix is None else dict(prefix=prefix))


def clip_of(folder):
    transformer = lambda sizes: dict(zip(["width", "heads", "layers"], sizes))
    return dict(
        weights=file_of(folder, "clip.safetensors", ""),
        vocabulary=file_of(folder, "vocab.json"),
        merges=file_of(folder, "merges.txt"),
        config=dict(
            layout="openAI", imageSize=nets.SIZE, patch=nets.CLIP["patch"],
            vision=transformer(nets.CLIP["vision"]), text=transformer(nets.CLIP["text"]),
            context=nets.CLIP["context"], vocabulary=len(Tokenizer().vocabulary), embedDim=nets.WIDTH,
            mean=nets.ClipModel.MEAN, deviation=nets.ClipModel.DEVIATION,
        ),
    )  # fmt: skip


def write_judges(folder, parts):
    folder.mkdir(parents=True, exist_ok=True)
    write_safetensors(folder / "joints.safetensors", {k: v.float() for k, v in parts["joints"].items()})
    write_safetensors(folder / "clip.safetensors", parts["judge-clip"])
    write_vocabulary(folder)
    (folder / "judge.json").write_text(json.dumps(dict(clip=clip_of(folder)), indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path, nargs="+")
    parser.add_argument("--pack", type=pathlib.Path, required=True)
    parser.add_argument("--judges", type=pathlib.Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--provenance", required=True)
    parser.add_argument("--trained-seconds", type=float, default=2)
    options = parser.parse_args()
    options.pack.mkdir(parents=True, exist_ok=True)
    parts = load(options.weights)
    prefixed = lambda tensors, prefix: {prefix + key: value for key, value in tensors.items()}
    if options.judges:
        write_judges(options.judges, parts)

    encoder = parts["encoder"]
    average = encoder.pop("latent_avg")
    dynamics = (
        prefixed(parts["frames"], "swapae_encoder.")
        | {("encoder_z0" if k[0] == "0" else "diffeq_solver") + k[1:]: v for k, v in parts["solver"].items()}
        | prefixed(parts["projection"], "conv1x1.")
    )
    files = {
        "generator": parts["generator"],
        "encoder": prefixed(encoder, "encoder.") | {"latent_avg": average},
        "clip": parts["clip"],
        "vidstyleode": prefixed(dynamics, "bVAE_enc.") | parts["conditional"],
    }
    files["generator"] |= parts.get("mapping", {})
    # The layout has noises; no strength uses them.
    for index in range(2 * len(nets.GENERATOR_CHANNELS) - 1):
        size = 1 << (index + 5) // 2
        files["generator"][f"noises.noise_{index}"] = torch.zeros(1, 1, size, size).half()
    for name, tensors in files.items():
        write_safetensors(options.pack / f"{name}.safetensors", tensors)
    write_vocabulary(options.pack)
    file = functools.partial(file_of, options.pack)
    taps = [sum(nets.ENCODER_UNITS[: n + 1]) - 1 for n in range(1, 4)]
    manifest = dict(
        format=1,
        name=options.name,
        summary="Drawn, dressed paper dolls at 128x128, one figure from head to foot: Samples/Dolls.",
        licence="CC0-1.0",
        provenance=options.provenance,
        generator=dict(
            weights=file("generator.safetensors", ""),
            config=dict(
                layout="rosinality", height=nets.SIZE, width=nets.SIZE, styleDim=nets.STYLE,
                mappingLayers=2 if "mapping" in parts else 0,
                channels=nets.GENERATOR_CHANNELS,
            ),
        ),
        encoder=dict(
            weights=file("encoder.safetensors", "encoder."),
            latentAverage="latent_avg",
            config=dict(
                inputSize=nets.SIZE, widths=nets.ENCODER_WIDTHS, units=nets.ENCODER_UNITS, taps=taps,
                styleCount=nets.LAYERS, styleDim=nets.STYLE, coarseIndex=nets.COARSE, middleIndex=nets.MIDDLE,
                squeezeReduction=8,
            ),
        ),
        clip=clip_of(options.pack),
        dynamics=dict(
            weights=file("vidstyleode.safetensors", ""),
            config=dict(
                imageHeight=nets.SIZE, imageWidth=nets.SIZE, encoderChannels=nets.FRAME_CHANNELS,
                codeChannels=nets.STATE, stateChannels=nets.STATE, odeChannels=nets.FIELD,
                odeHiddenLayers=nets.FIELD_LAYERS, projectedChannels=nets.WIDTH, firstStepOffset=0.01,
                rtol=1e-3, atol=1e-4,
            ),
            modulation=dict(
                width=nets.WIDTH, heads=nets.HEADS, selfAttentionLayers=nets.SELF_LAYERS,
                crossAttentionLayers=nets.CROSS_LAYERS, positions=64, conditionWidth=nets.WIDTH,
                groups=nets.GROUPS, modulesPerGroup=nets.MODULES, styleDim=nets.STYLE, deltaScale=nets.DELTA,
                leakySlope=0.01, lastModuleIsLinear=True,
            ),
        ),
        time=dict(
            unitSeconds=2, clipSeconds=2, observedFrames=16, sampling="even",
            trainedSeconds=options.trained_seconds, frameRate=25,
        ),
        alignment="center",
        assetDType="float32",
        regions={name: part.nonzero().tolist() for name, part in zip(PARTS, cells())},
    )  # fmt: skip
    # Lists of numbers on one line.
    one_line = lambda found: f"[{', '.join(found[1].split())}]".replace(",,", ",")
    text = re.sub(r"\[([\s\d.,-]+)\]", one_line, json.dumps(manifest, indent=2))
    text = re.sub(r"\[\s+\[", "[[", re.sub(r"\],\s+\[", "], [", re.sub(r"\]\s+\]", "]]", text)))
    (options.pack / "pack.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
