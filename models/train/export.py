"""The trained net as ONNX, with self-test vectors of synthetic data."""
import copy
import inspect
import warnings

import numpy as np
import torch

import detect

OPSET = 15


def folded(net):
    """A copy with its batch norms folded into the convolutions (eval only)."""
    net = copy.deepcopy(net).cpu().eval()
    for module in net.modules():
        if not isinstance(module, torch.nn.Sequential):
            continue
        for at in range(len(module) - 1):
            if isinstance(module[at], torch.nn.Conv3d) and \
                    isinstance(module[at + 1], torch.nn.BatchNorm3d):
                module[at] = torch.nn.utils.fusion.fuse_conv_bn_eval(module[at], module[at + 1])
                module[at + 1] = torch.nn.Identity()
    return net


def network(net, path):
    axes = {2: "z", 3: "y", 4: "x"}
    cells = {2: "z2", 3: "y2", 4: "x2"}
    to_onnx(folded(net), torch.zeros(1, 1, 32, 48, 64), path, input_names=["image"], output_names=["heat", "shape"],
            dynamic_axes={"image": axes, "heat": cells, "shape": cells})


def to_onnx(net, example, path, **options):
    """torch.onnx.export by tracing, which newer PyTorch does only when told."""
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, example, path, opset_version=OPSET, **options)


def made_up(window, n=32, seed=7):
    """A made-up corner of a lung: wall, a vessel, a ball of 10 mm, noise. No patient's."""
    z, y, x = np.meshgrid(*[np.arange(n, dtype=np.float64)] * 3, indexing="ij")
    hu = np.full((n, n, n), -860.0)
    hu += np.random.default_rng(seed).standard_normal(hu.shape) * 20
    vessel = np.hypot(y - 24 + 0.1 * z, x - 6) < 1.8
    ball = np.sqrt((z - 15) ** 2 + (y - 14) ** 2 + (x - 17) ** 2) < 4.0
    hu[vessel], hu[ball], hu[x > 28] = 20, 35, 50
    return detect.scale(hu, window)[None, None].astype("<f4")


def self_test(net, window):
    """Input and expected outputs, by name."""
    image = made_up(window)
    with torch.no_grad():
        heat, shape = folded(net)(torch.from_numpy(image))
    return {"image": image, "heat": heat.numpy(), "shape": shape.numpy()}
