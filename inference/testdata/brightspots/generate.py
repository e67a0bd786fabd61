#!/usr/bin/env python3
"""Writes this folder's model: a network for tests that marks bright spots.

Its logit is 100 * (mean of a 2x2x2 cell - 0.7) on the [-1, 1] scale, so that
anything above 330 HU is a hit of 8 mm; a small network of random weights adds
a little to every output, so that a wrong axis, stride or weight shows in the
self-test. Needs PyTorch >= 1.13: python3 generate.py
"""
import hashlib
import math
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(11)
        self.stem = torch.nn.Conv3d(1, 6, 5, stride=2, padding=2)
        self.down = torch.nn.Conv3d(6, 8, 3, stride=2, padding=1)
        self.join = torch.nn.Conv3d(6, 8, 1)
        self.head = torch.nn.Conv3d(8, 5, 3, padding=1)
        self.mean = torch.nn.AvgPool3d(2)

    def forward(self, image):
        fine = torch.relu(self.stem(image))
        coarse = torch.relu(self.down(fine))
        both = self.join(fine) + torch.nn.functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        noise = torch.tanh(self.head(torch.relu(both)))
        heat = 100 * (self.mean(image) - 0.7) + 0.01 * noise[:, :1]
        diameter = math.log(8) + 0.01 * noise[:, 1:2]
        return heat, torch.cat([diameter, 0.02 * noise[:, 2:]], 1)


def write(name, tensor):
    path = os.path.join(HERE, name)
    tensor.numpy().astype("<f4").tofile(path)


def sha256(name):
    with open(os.path.join(HERE, name), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def values(name, file, tensor):
    return """    name: %s
    shape: %s
    file:
      name: %s
      sha256: %s
""" % (name, list(tensor.shape), file, sha256(file))


def main():
    net = Net().eval()
    torch.manual_seed(5)
    image = torch.rand(1, 1, 16, 24, 32) * 2 - 1
    with torch.no_grad():
        heat, shape = net(image)
    write("image.f32", image)
    write("heat.f32", heat)
    write("shape.f32", shape)
    axes = {2: "z", 3: "y", 4: "x"}
    cells = {2: "z2", 3: "y2", 4: "x2"}
    torch.onnx.export(net, image, os.path.join(HERE, "model.onnx"), opset_version=15,
                      input_names=["image"], output_names=["heat", "shape"],
                      dynamic_axes={"image": axes, "heat": cells, "shape": cells})
    with open(os.path.join(HERE, "model.yaml"), "w") as f:
        f.write("""# Written by generate.py.
schema: 1
name: brightspots
version: 1.0.0
license: Apache-2.0
intended_use: Tests of the pipeline. It marks bright spots and knows nothing of nodules.
training_data:
  - name: none; weights are set by hand and by a random generator
    license: Apache-2.0
    scans: 0
file:
  name: model.onnx
  sha256: %s
input:
  name: image
  axes: zyx
  orientation: LPS
  spacing_mm: [1.25, 1.25, 1.25]
  window_hu: [-1200, 600]
  window_to: [-1, 1]
  padding: -1
  multiple: [16, 16, 16]
  margin_mm: 10
  tile: [320, 256, 112]
  overlap: [32, 32, 32]
  halo: [8, 8, 8]
head:
  kind: heatmap
  min_score: 0.02
  heatmap:
    heat: heat
    shape: shape
    stride: [2, 2, 2]
    log_diameter: 0
    offset: [3, 2, 1]
merge:
  least_mm: 5
  radius: 1
  most: 100
operating_points:
  quarter: 0.9
  one: 0.7
  four: 0.3
self_test:
  tolerance: 0.0001
  input:
%s  outputs:
""" % (sha256("model.onnx"), values("image", "image.f32", image)))
        for name, tensor in (("heat", heat), ("shape", shape)):
            f.write(values(name, name + ".f32", tensor).replace("    name: " + name + "\n", "    - name: " + name + "\n", 1)
                    .replace("\n    ", "\n      "))


if __name__ == "__main__":
    main()
