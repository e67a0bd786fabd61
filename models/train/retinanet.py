"""A model's folder with a RetinaNet of the shape of MONAI's lung nodule
detector and random weights: model.yaml, ONNX, self-test.

    python3 models/train/retinanet.py --out DIR [--width 64]

It has learned nothing. It exists so that a network of that shape can be run
from its manifest, compared box by box with retinanet_reference.py, and timed,
without the published weights. --width 64 is the published size (20 M
parameters); tests take a narrow one.

The weights are drawn from --seed. The biases of the class outputs are set so
that of the anchors over an image of noise and balls one in --share scores
above the threshold of 0.02: a crop of 128^3 voxels of a chest then keeps fewer
than 200 boxes. network.pt holds the weights for the reference.
"""
import argparse
import hashlib
import math
import os

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
import yaml

from export import to_onnx

STRIDES = ((4, 4, 2), (8, 8, 4), (16, 16, 8))
SHAPES = ((6, 8, 4), (8, 6, 5), (10, 10, 6))  # voxels, times 1, 2, 4 by level
SCORE = 0.02
SPACING = (0.703125, 0.703125, 1.25)
USE = ("Tests and timing only: the weights are random. It has the shape of a published detector and "
       "finds nothing.")


class Bottleneck(nn.Module):
    def __init__(self, i, planes, stride):
        super().__init__()
        o = 4 * planes
        self.body = nn.Sequential(
            nn.Conv3d(i, planes, 1, bias=False), nn.BatchNorm3d(planes), nn.ReLU(),
            nn.Conv3d(planes, planes, 3, stride, 1, bias=False), nn.BatchNorm3d(planes), nn.ReLU(),
            nn.Conv3d(planes, o, 1, bias=False), nn.BatchNorm3d(o))
        self.short = nn.Identity()
        if stride != 1 or i != o:
            self.short = nn.Sequential(nn.Conv3d(i, o, 1, stride, bias=False), nn.BatchNorm3d(o))

    def forward(self, x):
        return torch.relu(self.body(x) + self.short(x))


def layer(i, planes, blocks, stride):
    return nn.Sequential(*[Bottleneck(i if b == 0 else 4 * planes, planes, stride if b == 0 else 1)
                           for b in range(blocks)])


class Head(nn.Module):
    """Four times convolution, group norm, ReLU; then the outputs."""

    def __init__(self, channels, outputs):
        super().__init__()
        parts = []
        for _ in range(4):
            parts += [nn.Conv3d(channels, channels, 3, 1, 1), nn.GroupNorm(8, channels), nn.ReLU()]
        self.body = nn.Sequential(*parts)
        self.out = nn.Conv3d(channels, outputs, 3, 1, 1)

    def forward(self, levels):
        return [self.out(self.body(x)) for x in levels]


class RetinaNet(nn.Module):
    """Input (1, 1, X, Y, Z), multiples of (16, 16, 8); outputs the class logits
    (1, 3, x, y, z) of three levels, then their box codes (1, 18, x, y, z)."""

    def __init__(self, width):
        super().__init__()
        channels = 4 * width
        self.stem = nn.Sequential(nn.Conv3d(1, width, 7, (2, 2, 1), 3, bias=False),
                                  nn.BatchNorm3d(width), nn.ReLU(), nn.MaxPool3d(3, 2, 1))
        self.layer1 = layer(width, width, 3, 1)
        self.layer2 = layer(4 * width, 2 * width, 4, 2)
        self.inner = nn.ModuleList([nn.Conv3d(4 * width, channels, 1), nn.Conv3d(8 * width, channels, 1)])
        self.outer = nn.ModuleList([nn.Conv3d(channels, channels, 3, 1, 1) for _ in range(2)])
        self.classes = Head(channels, len(SHAPES))
        self.boxes = Head(channels, 6 * len(SHAPES))

    def forward(self, image):
        fine = self.layer1(self.stem(image))
        coarse = self.layer2(fine)
        top = self.inner[1](coarse)
        # The size comes from the tensor: a number would be baked into the export.
        merged = self.inner[0](fine) + F.interpolate(top, size=fine.shape[2:], mode="nearest")
        levels = [self.outer[0](merged), self.outer[1](top)]
        levels.append(F.max_pool3d(levels[1], 1, 2, 0))
        return tuple(self.classes(levels) + self.boxes(levels))


def draw(net, seed):
    """Random weights: He's for convolutions, batch norms near 1, outputs so that
    logits vary by about 1 and box codes by about 0.2."""
    random = torch.Generator().manual_seed(seed)

    def normal(tensor, mean, std):
        with torch.no_grad():
            tensor.copy_(mean + std * torch.randn(tensor.shape, generator=random))

    for module in net.modules():
        if isinstance(module, nn.Conv3d):
            fan = module.weight[0].numel()
            normal(module.weight, 0, math.sqrt(2 / fan))
            if module.bias is not None:
                normal(module.bias, 0, 0.01)
        elif isinstance(module, (nn.BatchNorm3d, nn.GroupNorm)):
            normal(module.weight, 1, 0.1)
            normal(module.bias, 0, 0.1)
        if isinstance(module, nn.BatchNorm3d):
            normal(module.running_mean, 0, 0.1)
    for head, std in ((net.classes, 1.0), (net.boxes, 0.2)):
        normal(head.out.weight, 0, std * math.sqrt(2 / head.out.weight[0].numel()))


def sample(size, seed):
    """An image of air, noise, and balls of soft tissue, scaled to 0..1."""
    random = np.random.default_rng(seed)
    hu = np.full(size, -860.0) + 20 * random.standard_normal(size)
    grid = np.meshgrid(*[np.arange(n) for n in size], indexing="ij")
    for _ in range(max(2, int(np.prod(size) / 20000))):
        centre = [random.uniform(0, n) for n in size]
        radius = random.uniform(2, 9)
        far = sum(((g - c) * s / SPACING[0]) ** 2 for g, c, s in zip(grid, centre, SPACING))
        hu[far < radius ** 2] = random.uniform(-50, 80)
    hu[size[0] * 7 // 8:] = 45 + 20 * random.standard_normal(hu[size[0] * 7 // 8:].shape)
    return ((np.clip(hu, -1024, 300) + 1024) / 1324)[None, None].astype("<f4")


def set_biases(net, share, seed):
    """Puts one in share of the anchors of an image above the threshold."""
    with torch.no_grad():
        out = net(torch.from_numpy(sample((64, 64, 64), seed)))[:3]
        logits = torch.cat([o.flatten() for o in out]).numpy()
        net.classes.out.bias += math.log(SCORE / (1 - SCORE)) - float(np.quantile(logits, 1 - 1 / share))


def build(width, seed, share):
    net = RetinaNet(width).eval()
    draw(net, seed)
    set_biases(net, share, seed)
    return net


NAMES = ["output_%d" % n for n in range(6)]


def export(net, path):
    """Writes the ONNX file with free sizes; returns its SHA-256."""
    axes = {"image": {2: "x", 3: "y", 4: "z"}}
    for n, name in enumerate(NAMES):
        axes[name] = {2: "x_%d" % (n % 3), 3: "y_%d" % (n % 3), 4: "z_%d" % (n % 3)}
    to_onnx(net, torch.zeros(1, 1, 32, 48, 24), path, input_names=["image"], output_names=NAMES, dynamic_axes=axes)
    return sha(path)


def sha(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def self_test(net, out):
    """An image of no patient, and what the network makes of it here."""
    image = sample((32, 48, 24), 7)
    with torch.no_grad():
        arrays = dict(zip(["image"] + NAMES, [image] + [o.numpy() for o in net(torch.from_numpy(image))]))
    values = []
    for name, array in arrays.items():
        file = "selftest_%s.f32" % name
        array.astype("<f4").tofile(os.path.join(out, file))
        values.append({"name": name, "shape": list(array.shape),
                       "file": {"name": file, "sha256": sha(os.path.join(out, file))}})
    return {"input": values[0], "outputs": values[1:], "tolerance": 0.001}


def manifest(name, network, tests, spacing, tile, whole_below):
    levels = [{"scores": NAMES[n], "boxes": NAMES[n + 3], "stride": list(STRIDES[n]),
               "anchors": [[float(side * 2 ** n) for side in shape] for shape in SHAPES]} for n in range(3)]
    return {
        "schema": 1, "name": name, "version": "0.0.1", "license": "Apache-2.0", "intended_use": USE,
        "training_data": [{"name": "none", "license": "Apache-2.0", "scans": 0, "citation": "",
                           "note": "random weights"}],
        "results": [], "file": network,
        "input": {
            "name": "image", "axes": "xyz", "orientation": "RAS", "spacing_mm": list(spacing),
            "window_hu": [-1024, 300], "window_to": [0, 1], "padding": 0, "multiple": [16, 16, 8],
            "margin_mm": 0, "tile": tile, "overlap": [side // 4 for side in tile], "halo": [0, 0, 0],
            "extent": "volume",
            "windows": {"whole_below": whole_below, "weights": "constant", "only_with_lung": False}},
        "head": {
            "kind": "retinanet", "min_score": SCORE, "keep": "lungs",
            "retinanet": {"levels": levels, "weights": [1.0] * 6, "clamp": math.log(1000 / 16), "top": 1000,
                          "nms_iou": 0.22, "most": 300, "min_side": 1, "diameter": "mean"}},
        # Boxes have been suppressed already: nothing is merged.
        "merge": {"least_mm": 0, "radius": 0, "most": 300},
        "operating_points": {"quarter": 0.1, "one": 0.05, "four": SCORE},
        "self_test": tests,
    }


def write(net, out, name, spacing, tile, whole_below):
    os.makedirs(out, exist_ok=True)
    network = {"name": name + ".onnx", "sha256": export(net, os.path.join(out, name + ".onnx"))}
    torch.save(net.state_dict(), os.path.join(out, "network.pt"))
    model = manifest(name, network, self_test(net, out), spacing, tile, whole_below)
    with open(os.path.join(out, "model.yaml"), "w") as f:
        f.write("# Written by models/train/retinanet.py: random weights.\n")
        yaml.safe_dump(model, f, sort_keys=False, width=100)


def flop_per_voxel(net, size=(64, 64, 32)):
    """Two for each multiplication with a weight, per voxel of the input."""
    total = [0]

    def count(module, _, out):
        total[0] += 2 * out[0, 0].numel() * module.weight.numel()

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, nn.Conv3d)]
    with torch.no_grad():
        net(torch.zeros(1, 1, *size))
    for hook in hooks:
        hook.remove()
    return total[0] / np.prod(size)


def main():
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--out", required=True)
    flags.add_argument("--width", type=int, default=64, help="channels of the first stage; 64 is the published net")
    flags.add_argument("--seed", type=int, default=1)
    flags.add_argument("--share", type=float, default=2000, help="one in so many anchors is above the threshold")
    flags.add_argument("--spacing", type=float, nargs=3, default=list(SPACING), help="mm; others are not the published")
    flags.add_argument("--tile", type=int, nargs=3, default=[512, 512, 192], help="window x y z; multiples of 64 64 32")
    flags.add_argument("--whole-below", type=int, default=512 * 512 * 192)
    a = flags.parse_args()
    if any(t % m for t, m in zip(a.tile, (64, 64, 32))):
        flags.error("a quarter of --tile must be a multiple of 16 16 8")
    net = build(a.width, a.seed, a.share)
    write(net, a.out, "retinanet-random-%d" % a.width, a.spacing, a.tile, a.whole_below)
    print("%s: %.2f M parameters, %.0f kFLOP per voxel" % (
        a.out, sum(p.numel() for p in net.parameters()) / 1e6, flop_per_voxel(net) / 1e3))


if __name__ == "__main__":
    main()
