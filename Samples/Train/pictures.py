"""How far a picture is from an exact drawing."""
import torch
import torch.nn.functional as F

from data import FIGURE


def weights(x, figures, head):
    """How much each pixel of x [B, 3, H, W] counts: figure more than background, head most. [B, 1, H, W].

    `figures` [B, 34] say the colour of the background, `head` [B, 2] is where it is.
    """
    background = figures[:, FIGURE - 9 : FIGURE - 6] * 2 - 1
    inside = ((x - background[:, :, None, None]).abs().amax(1, keepdim=True) > 0.34).float()
    inside = F.max_pool2d(inside, 5, 1, 2)
    place = torch.arange(128, device=x.device) + 0.5
    square = (place[None, None, :] - head[:, 0, None, None]) ** 2 + (
        place[None, :, None] - head[:, 1, None, None]
    ) ** 2
    return 0.5 + 0.8 * inside + 1.6 * torch.exp(-square / (2 * 11.0**2))[:, None]


def loss(y, x, weights):
    """L1 and L2 weighted, L1 at half and quarter size, L1 of gradients."""
    d = y - x
    total = (weights * d.abs()).mean() + 3 * (weights * d.square()).mean()
    small, weight = d, weights
    for _ in range(2):
        small, weight = F.avg_pool2d(small, 2), F.avg_pool2d(weight, 2)
        total = total + 0.4 * (weight * small.abs()).mean()
    rows = (weights[:, :, 1:] * (d[:, :, 1:] - d[:, :, :-1]).abs()).mean()
    columns = (weights[..., 1:] * (d[..., 1:] - d[..., :-1]).abs()).mean()
    return total + 0.5 * (rows + columns)


def psnr(y, x):
    """PSNR in dB of pictures in -1...1, clamped as a film would be: the mean over the batch."""
    return 10 * torch.log10(4 / (y.clamp(-1, 1) - x).square().mean((1, 2, 3)).clamp_min(1e-6)).mean()


def softened(x):
    """Rendered pictures are softer than drawn ones: x, blurred by chance, with a little noise."""
    soft = F.interpolate(F.avg_pool2d(x, 2), scale_factor=2.0, mode="bilinear", align_corners=False)
    amount = (torch.rand(len(x), 1, 1, 1, device=x.device) * 1.5 - 0.5).clamp(min=0)
    return torch.lerp(x, soft, amount) + 0.03 * torch.randn_like(x)
