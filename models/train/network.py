"""The network.

It is a fully convolutional residual pyramid. Input
(B, 1, Z, Y, X), sizes multiples of 16. Outputs at stride 2:
heat (B, 1, Z/2, Y/2, X/2) logits; shape (B, 4, ...) = log(diameter mm) and
the centre's offset dz, dy, dx in cells.
"""
import math

import torch
from torch import nn
import torch.nn.functional as F


def conv(i, o, kernel=3, stride=1):
    return nn.Sequential(nn.Conv3d(i, o, kernel, stride, kernel // 2, bias=False),
                         nn.BatchNorm3d(o), nn.ReLU(inplace=True))


class Block(nn.Module):
    """Two 3^3 convolutions and a shortcut; a stride averages the shortcut."""

    def __init__(self, i, o, stride=1):
        super().__init__()
        self.a = conv(i, o, 3, stride)
        self.b = nn.Sequential(nn.Conv3d(o, o, 3, 1, 1, bias=False), nn.BatchNorm3d(o))
        self.short = nn.Identity()
        if stride != 1 or i != o:
            pool = nn.AvgPool3d(2) if stride == 2 else nn.Identity()
            self.short = nn.Sequential(pool, nn.Conv3d(i, o, 1, bias=False), nn.BatchNorm3d(o))

    def forward(self, x):
        return torch.relu(self.b(self.a(x)) + self.short(x))


def stage(i, o, blocks, stride):
    return nn.Sequential(*[Block(i if b == 0 else o, o, stride if b == 0 else 1)
                           for b in range(blocks)])


def up(x):
    """Every cell twice along each axis."""
    b, c, z, y, w = x.shape
    return x[:, :, :, None, :, None, :, None].expand(b, c, z, 2, y, 2, w, 2).reshape(
        b, c, 2 * z, 2 * y, 2 * w)


class Windows(nn.Module):
    """The image, and beside it a narrow window over the lung's own values.

    A faint ground-glass nodule is a tenth of the wide window; in the narrow one
    it is most of it, and what is dense saturates.
    """

    def __init__(self, wide_hu, narrow_hu):
        super().__init__()
        low, width = wide_hu[0], wide_hu[1] - wide_hu[0]
        narrow = narrow_hu[1] - narrow_hu[0]
        self.gain = width / narrow
        self.shift = (2 * (low - narrow_hu[0]) + width) / narrow - 1

    def forward(self, image):
        return torch.cat([image, torch.clamp(image * self.gain + self.shift, -1, 1)], 1)


class CandidateNet(nn.Module):
    def __init__(self, windows, stem, widths, blocks, pyramid, head):
        super().__init__()
        w4, w8, w16 = widths
        self.windows = windows
        # Stride 2 is the dearest: no block there means one plain convolution.
        self.stem = conv(2, stem, 5, 2)
        self.s2 = stage(stem, stem, blocks[0], 1) if blocks[0] else conv(stem, stem)
        self.s4 = stage(stem, w4, blocks[1], 2)
        self.s8 = stage(w4, w8, blocks[2], 2)
        self.s16 = stage(w8, w16, blocks[3], 2)
        self.lat16 = nn.Conv3d(w16, pyramid, 1)
        self.lat8 = nn.Conv3d(w8, pyramid, 1)
        self.lat4 = nn.Conv3d(w4, pyramid, 1)
        self.lat2 = nn.Conv3d(stem, head, 1)
        self.down = nn.Conv3d(pyramid, head, 1)
        self.mix8 = conv(pyramid, pyramid)
        self.mix4 = conv(pyramid, pyramid)
        self.mix2 = conv(head, head)
        self.heat = nn.Conv3d(head, 1, 1)
        self.shape = nn.Conv3d(head, 4, 1)
        initialise(self)
        # Rare targets: start at a probability of 1 % (focal loss would
        # otherwise spend its first iterations on unlearning one half), and at
        # a diameter of 8 mm.
        nn.init.normal_(self.heat.weight, std=0.01)
        nn.init.constant_(self.heat.bias, -math.log(99))
        nn.init.normal_(self.shape.weight, std=0.01)
        with torch.no_grad():
            self.shape.bias[0] = math.log(8.0)

    def forward(self, image):
        f2 = self.s2(self.stem(self.windows(image)))
        f4 = self.s4(f2)
        f8 = self.s8(f4)
        p8 = self.mix8(self.lat8(f8) + up(self.lat16(self.s16(f8))))
        p4 = self.mix4(self.lat4(f4) + up(p8))
        p2 = self.mix2(self.lat2(f2) + up(self.down(p4)))
        return self.heat(p2), self.shape(p2)


def initialise(net):
    for m in net.modules():
        if isinstance(m, nn.Conv3d):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            if m.bias is not None:
                nn.init.zeros_(m.bias)


def build(recipe):
    n = recipe["network"]
    windows = Windows(recipe["hu_window"], n["lung_window_hu"])
    return CandidateNet(windows, n["stem"], n["widths"], n["blocks"], n["pyramid"], n["head"])


def cost(net, size=64):
    """Parameters and multiply-add FLOPs per input voxel (2 per product)."""
    total, hooks = [0], []

    def count(m, _, out):
        total[0] += 2 * m.in_channels * math.prod(m.kernel_size) * out.numel()

    for m in net.modules():
        if isinstance(m, nn.Conv3d):
            hooks.append(m.register_forward_hook(count))
    was = net.training
    net.eval()
    device = next(net.parameters()).device
    with torch.no_grad():
        net(torch.zeros(1, 1, size, size, size, device=device))
    net.train(was)
    for h in hooks:
        h.remove()
    return sum(p.numel() for p in net.parameters()), total[0] / size ** 3
