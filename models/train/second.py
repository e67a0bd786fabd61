"""The second stage: a network that looks again at the first one's candidates.

It learns from what the first stage marks on the generator's patches: hits on
implanted and labelled nodules, and the false marks around them. Crops are held
in a pool, so that each is seen several times, shifted and mirrored anew.
"""
import math
import os
import time

import numpy as np
import torch
from torch.nn import functional as F

import detect
import network
import stream
import train

# A pooled crop is larger than the network's by this much on each side.
RIM = 3
FALSE, HIT = 0, 1


class Pool:
    """Crops of one class; new ones replace the oldest."""

    def __init__(self, size):
        self.size, self.rows, self.at = size, [], 0

    def add(self, row):
        if len(self.rows) < self.size:
            self.rows.append(row)
        else:
            self.rows[self.at] = row
            self.at = (self.at + 1) % self.size

    def draw(self, count, rng):
        return [self.rows[rng.integers(len(self.rows))] for _ in range(count)]


def candidates(first, hu, weight, recipe, device, precision):
    """Rows (z, y, x in voxels, diameter mm, score) that the first stage marks in a patch."""
    image = torch.from_numpy(detect.scale(hu, recipe["hu_window"]))[None, None]
    with torch.no_grad(), train.multiplying(precision, device):
        heat, shape = first(image.to(device))
    heat, shape = heat.float(), shape.float()
    return detect.candidates(torch.sigmoid(heat[0, 0]).cpu(), shape[0].cpu(), weight > 0,
                             recipe["spacing_mm"], recipe["decode"])


def examples(first, patch, recipe, device, precision=torch.float32):
    """What one patch teaches: rows of (crop int16, class, first logit)."""
    hu, weight, lesions = patch
    side = recipe["second"]["crop"] + 2 * RIM
    out, n, mm = [], hu.shape[0], recipe["spacing_mm"]
    rows = candidates(first, hu, weight, recipe, device, precision)
    for row in rows[:recipe["second"]["per_patch"]]:
        middle = np.rint(row[:3]).astype(int)
        low = middle - side // 2
        if (low < 0).any() or (low + side > n).any():
            continue
        crop = hu[tuple(slice(a, a + side) for a in low)].copy()
        logit = math.log(row[4] / (1 - row[4])) if row[4] < 1 else 12.0
        if len(lesions) == 0:
            out.append((crop, FALSE, logit))
            continue
        distance = np.linalg.norm(lesions[:, :3] - row[:3], axis=1) * mm
        near = int(np.argmin(distance - lesions[:, 3] / 2))
        if distance[near] < lesions[near, 3] / 2:
            out.append((crop, HIT, logit))
        elif distance[near] > lesions[near, 3] / 2 + 5:
            out.append((crop, FALSE, logit))
    return out


def shifted(crop, side, rng):
    """The network's crop of a pooled one, shifted and mirrored."""
    low = RIM + (rng.integers(-RIM, RIM + 1, 3) if rng.random() < 0.5 else rng.integers(-1, 2, 3))
    crop = crop[tuple(slice(a, a + side) for a in low)]
    for axis in range(3):
        if rng.random() < 0.5:
            crop = np.flip(crop, axis)
    return np.ascontiguousarray(crop.transpose(0, 2, 1) if rng.random() < 0.5 else crop)


def batch(pools, options, recipe, rng):
    hits = int(round(options["batch"] * options["hits"]))
    rows = pools[HIT].draw(hits, rng) + pools[FALSE].draw(options["batch"] - hits, rng)
    image = np.stack([detect.scale(shifted(r[0], options["crop"], rng), recipe["hu_window"]) for r in rows])
    return torch.from_numpy(image)[:, None], torch.tensor([float(r[1]) for r in rows])


def run(recipe, first, generator, out, device="cpu", log=print, precision=torch.float32):
    """Trains on the first stage's candidates; returns the averaged net."""
    options, seed = recipe["second"], recipe["seed"] + 100
    torch.manual_seed(seed)
    net = network.build_second(recipe).to(device)
    net.start_from(first)
    parameters, flops = network.cost(net, options["crop"])
    log("second network: %d parameters, %.1f kFLOP per voxel" % (parameters, flops / 1e3))
    optimiser = torch.optim.AdamW(net.parameters(), lr=options["lr"], weight_decay=options["weight_decay"])
    average = train.Average(net, options["ema"])
    path, start = os.path.join(out, "second.pt"), 0
    if os.path.exists(path):
        start = train.restore(path, recipe, net, optimiser, average, device)
        log("second network: resumed at %d" % start)
    if start == options["iterations"]:
        return finished(recipe, average, device)
    rng = np.random.default_rng([seed, start])
    warm = options["warm_patches"]
    patches = stream.Patches(generator(seed, start * options["patches"], os.path.join(out, "hard.csv")))
    pools = [Pool(options["pool"]), Pool(options["pool"])]
    total, clock = 0.0, time.time()
    try:
        for step in range(start, options["iterations"]):
            for _ in range(warm if step == start else options["patches"]):
                for row in examples(first, patches.next(), recipe, device, precision):
                    pools[row[1]].add(row)
            for group in optimiser.param_groups:
                group["lr"] = options["lr"] * train.rate(step, options)
            image, kind = batch(pools, options, recipe, rng)
            with train.multiplying(precision, device):
                logit = net(image.to(device))[:, 0]
            loss = F.binary_cross_entropy_with_logits(logit.float(), kind.to(device))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
            optimiser.step()
            average.update(net)
            total += loss.item()
            if (step + 1) % 50 == 0:
                log("%5d  loss %.3f  %d hits %d false  %.2f s/it"
                    % (step + 1, total / 50, len(pools[HIT].rows), len(pools[FALSE].rows),
                       (time.time() - clock) / 50))
                total, clock = 0.0, time.time()
            if (step + 1) % options["checkpoint_every"] == 0 or step + 1 == options["iterations"]:
                train.keep(path, recipe, net, optimiser, average, step + 1)
    finally:
        patches.close()
    return finished(recipe, average, device)


def finished(recipe, average, device):
    net = network.build_second(recipe).to(device)
    net.load_state_dict(average.state)
    return net.eval()


def fuse(recipe, first, net, generator, device="cpu", log=print):
    """(first_weight, second_weight, bias): a logistic fit over fresh candidates.

    The patches are drawn anywhere in the training scans, as a scan is read:
    neither near lesions nor near mined places.
    """
    options, rows = recipe["second"], []
    patches = stream.Patches(generator(recipe["seed"] + 200, 0, None, anywhere=True))
    side = options["crop"]
    try:
        for _ in range(options["fuse_patches"]):
            here = examples(first, patches.next(), recipe, device)
            if not here:
                continue
            crops = np.stack([detect.scale(r[0][RIM:RIM + side, RIM:RIM + side, RIM:RIM + side],
                                           recipe["hu_window"]) for r in here])
            with torch.no_grad():
                second = net(torch.from_numpy(crops)[:, None].to(device))[:, 0].cpu().numpy()
            rows += [(r[2], s, r[1]) for r, s in zip(here, second)]
    finally:
        patches.close()
    rows = np.array(rows)
    weights = logistic(rows[:, :2], rows[:, 2])
    log("fused over %d candidates, %d hits: %.2f first, %.2f second, bias %.2f"
        % (len(rows), rows[:, 2].sum(), *weights))
    return weights


def logistic(x, y, ridge=1e-3, steps=50):
    """Weights and bias of a logistic regression with weights of 0 or more, by Newton's method."""
    x = np.column_stack([x, np.ones(len(x))])
    w = np.array([0.5, 0.5, 0.0])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (p - y) / len(y) + ridge * w
        hessian = (x * (p * (1 - p))[:, None]).T @ x / len(y) + ridge * np.eye(3)
        w = w - np.linalg.solve(hessian, gradient)
        w[:2] = np.maximum(w[:2], 0)
    return [float(v) for v in w]
