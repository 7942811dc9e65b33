"""Fits a mapping network to a trained generator, so that `vsdb sample` has one: CPU, some minutes.

mapping.py WEIGHTS [WEIGHTS...] --draw-dolls PROGRAM --output FOLDER

A mapping network gives all W+ layers the same vector, pulled towards an average of every layer; the generator learnt
layers that differ. So what it draws stays near the average and is softer than what codes of pictures give. It learns to
draw, from a random projection of a figure's numbers, what the generator makes of the figure's exact code.
"""
import argparse
import pathlib
import time

import torch
import torch.nn.functional as F

import convert
import networks as nets
from autoencoder import Codes, spread
from data import FEATURES, Drawers, Pool

PSI = 0.7  # of `vsdb sample`


def mapped(tensors, z):
    """The mapping network in rosinality's layout: z [N, D] to w."""
    x = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
    for layer in [1, 2]:
        weight, bias = tensors[f"style.{layer}.weight"], tensors[f"style.{layer}.bias"]
        x = F.leaky_relu(F.linear(x, weight * (0.01 / nets.STYLE**0.5), bias * 0.01), 0.2) * 2**0.5
    return x


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path, nargs="+")
    parser.add_argument("--draw-dolls", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--groups", type=int, default=160)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=360)
    options = parser.parse_args()
    torch.manual_seed(1)
    parts = convert.load(options.weights)
    float32 = lambda part: {k: v.float() if v.is_floating_point() else v for k, v in parts[part].items()}
    generator, codes = nets.Generator(), Codes()
    generator.load_state_dict(float32("generator"))
    codes.load_state_dict(float32("codes"))
    generator.requires_grad_(False), codes.requires_grad_(False)
    pool = Pool(options.groups, torch.device("cpu"))
    drawn = Drawers(options.draw_dolls, pool, 1, "train", 5_000_000, 1)
    drawn.wait(options.groups)
    drawn.stop()
    figures = pool.features[: pool.filled].flatten(0, 1)
    known = spread(codes(figures, codes.mean.expand(len(figures), -1))) + parts["encoder"]["latent_avg"]
    average = known.mean(0)
    # Numbers of a figure as about normal ones, in as many directions as z has.
    standard = (figures - figures.mean(0)) / figures.std(0).clamp_min(0.1)
    directions = torch.linalg.qr(torch.randn(nets.STYLE, FEATURES)).Q
    tensors = {f"style.{n}.weight": torch.randn(nets.STYLE, nets.STYLE) / 0.01 for n in [1, 2]}
    tensors |= {f"style.{n}.bias": torch.zeros(nets.STYLE) for n in [1, 2]}
    for tensor in tensors.values():
        tensor.requires_grad_()
    optimiser = torch.optim.Adam(tensors.values(), lr=1.0, betas=(0.9, 0.99))
    start, step = time.time(), 0
    while (part := (time.time() - start) / options.seconds) < 1:
        optimiser.param_groups[0]["lr"] = 1.5 * (1 - part) + 0.02
        chosen = torch.randint(len(figures), (options.batch,))
        noise = torch.randn(options.batch, nets.STYLE)
        z = standard[chosen] @ directions.t() + noise - noise @ directions @ directions.t()
        w = mapped(tensors, z)
        y = generator(average + PSI * (w[:, None] - average))
        x = generator(known[chosen])
        d = y - x
        loss = d.abs().mean() + 3 * d.square().mean() + F.avg_pool2d(d, 4).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 50 == 0:
            print(f"{time.time() - start:6.1f} s  step {step}  loss {loss.item():.4f}", flush=True)
        step += 1
    options.output.mkdir(parents=True, exist_ok=True)
    tensors = {k: v.detach() for k, v in tensors.items()} | {"latent_avg": average}
    torch.save({"mapping": tensors}, options.output / "mapping.pt")


if __name__ == "__main__":
    main()
