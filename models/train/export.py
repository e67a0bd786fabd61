"""The trained net as ONNX, with a self-test vector of synthetic data."""
import hashlib
import os
import warnings

import numpy as np
import torch

import detect

OPSET = 15


class Folded(torch.nn.Module):
    """The net with its batch norms folded into the convolutions (eval only)."""

    def __init__(self, net):
        super().__init__()
        import copy
        net = copy.deepcopy(net).cpu().eval()
        for module in net.modules():
            if not isinstance(module, torch.nn.Sequential):
                continue
            for at in range(len(module) - 1):
                if isinstance(module[at], torch.nn.Conv3d) and \
                        isinstance(module[at + 1], torch.nn.BatchNorm3d):
                    module[at] = torch.nn.utils.fusion.fuse_conv_bn_eval(module[at], module[at + 1])
                    module[at + 1] = torch.nn.Identity()
        self.net = net

    def forward(self, image):
        return self.net(image)


def onnx(net, path):
    """Writes the ONNX file; returns its SHA-256."""
    axes = {2: "z", 3: "y", 4: "x"}
    cells = {2: "z2", 3: "y2", 4: "x2"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Folded(net), torch.zeros(1, 1, 32, 48, 64), path, opset_version=OPSET,
                          input_names=["image"], output_names=["heat", "shape"],
                          dynamic_axes={"image": axes, "heat": cells, "shape": cells})
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def self_test_image(window, n=32, seed=7):
    """A made-up corner of a lung: wall, a vessel, a ball of 10 mm, noise. No patient's."""
    z, y, x = np.meshgrid(*[np.arange(n, dtype=np.float64)] * 3, indexing="ij")
    hu = np.full((n, n, n), -860.0)
    hu += np.random.default_rng(seed).standard_normal(hu.shape) * 20
    vessel = np.hypot(y - 24 + 0.1 * z, x - 6) < 1.8
    ball = np.sqrt((z - 15) ** 2 + (y - 14) ** 2 + (x - 17) ** 2) < 4.0
    hu[vessel], hu[ball], hu[x > 28] = 20, 35, 50
    return detect.scale(hu, window)[None, None].astype("<f4")


def self_test(net, window, folder):
    """Writes input and expected outputs as raw little-endian float32; returns the arrays."""
    image = self_test_image(window)
    with torch.no_grad():
        heat, shape = Folded(net)(torch.from_numpy(image))
    arrays = {"image": image, "heat": heat.numpy().astype("<f4"),
              "shape": shape.numpy().astype("<f4")}
    for name, array in arrays.items():
        array.tofile(os.path.join(folder, "selftest_%s.f32" % name))
    return arrays
