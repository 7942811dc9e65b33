"""The image encoders by PyTorch, as its users would run them at their best: see peers.py, whose protocol this keeps.

The networks are the published ones (CLIP ViT-B/32, DINO ViT-B/16, the IR-SE-50 encoder of pSp) and those of the
sample pack, with random weights. Convolutions run in channels_last, batch normalisations in evaluation mode, so
that freezing folds what it can; attention is scaled_dot_product_attention. The transformers are compiled for any
batch: inductor then takes oneDNN's linear layers instead of MKL's, which run at half speed on an AMD processor
(CLIP ViT-B/32 on one core of a Zen 5: 53 against 106 ms).
"""

import sys

import torch

from networks import PSP, Transformer
from serve import serve

torch._inductor.config.freezing = True
torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)


def encoder(make, size, samples):
    network = make().eval().to(memory_format=torch.channels_last)
    compiled = torch.compile(network, dynamic=isinstance(network, Transformer) or None)
    images = torch.randn(samples, 3, size, size).to(memory_format=torch.channels_last)
    return lambda: compiled(images)


NETWORKS = {
    "clip": (lambda: Transformer(224, 32, 768, 12, 12, 512), 224),
    "dino": (lambda: Transformer(224, 16, 768, 12, 12, 0), 224),
    "psp": (lambda: PSP(256, [64, 128, 256, 512], [3, 4, 14, 3], 18, 512), 256),
    "doll-clip": (lambda: Transformer(128, 16, 128, 2, 4, 128), 128),
    "doll-psp": (lambda: PSP(128, [16, 32, 64, 128], [2, 2, 6, 2], 12, 128), 128),
}
WORK = {
    f"{name}-{samples}": lambda make=make, size=size, samples=samples: encoder(make, size, samples)
    for name, (make, size) in NETWORKS.items()
    for samples in [1, 8, 12]
}


serve(WORK, f"torch {torch.__version__}")
