"""CLIP for the domain: pictures and captions, with figures edited in one attribute as hard negatives."""
import torch
import torch.nn.functional as F
from torch import nn

import networks as nets
import pictures
from data import CHOICES
from stage import Stage


class Clip(Stage):
    """Contrast, and named attributes that both halves must show in the same way."""

    name, betas = "clip", (0.9, 0.98)

    def __init__(self, pool, groups, name="clip", **options):
        self.pool, self.groups, self.name = pool, groups, name
        self.model = nets.ClipModel(len(pool.tokenizer.vocabulary)).to(pool.device)
        self.heads = nn.ModuleDict({n: nn.Linear(nets.WIDTH, c) for n, c in CHOICES.items()}).to(pool.device)
        super().__init__(pool.device, [([self.model, self.heads], 1e-3)], {name: self.model, f"{name}-heads": self.heads},
                         **options)  # fmt: skip

    def losses(self):
        pool, B = self.pool, self.groups
        g = self.rand(pool.count, B)
        # A, B and edited A: the captions of the first and the last differ in one attribute.
        a = self.rand(24, B)
        frames = torch.stack(
            [torch.where(a < 16, a, a + 16), 16 + self.rand(16, B), 54 + self.rand(6, B)], 1
        )
        x = pictures.softened(pool.pictures(g[:, None], frames))
        tokens = pool.tokens[g].flatten(0, 1)
        figures = pool.figures[g].flatten(0, 1)
        with self.autocast():
            images, texts = self.model.image(x).float(), self.model.text(tokens).float()
        scale = self.model.logit_scale.exp().clamp(max=100)
        logits = scale * F.normalize(images, dim=1) @ F.normalize(texts, dim=1).t()
        same = (tokens[:, None] == tokens[None]).all(2)
        diagonal = torch.eye(len(tokens), dtype=torch.bool, device=self.device)
        logits = logits.masked_fill(same & ~diagonal, -1e4)
        target = torch.arange(len(tokens), device=self.device)
        contrast = (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2
        attributes = 0.0
        for index, head in enumerate(self.heads.values()):
            label = figures[:, index].long()
            attributes = attributes + F.cross_entropy(head(images), label) + F.cross_entropy(head(texts), label)
        # Features of one size, and close to each other: texts' differences are added to pictures' features.
        size = sum((f.square().mean(1) - 1).square().mean() for f in [images, texts])
        return dict(
            contrast=contrast,
            attributes=0.15 * attributes,
            near=0.5 * (images - texts).square().mean(),
            size=0.1 * size,
            right_=(logits.argmax(1) == target).float().mean(),
        )
