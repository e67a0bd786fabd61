"""The candidate decoding that Nafas does in Go (inference/detect), in Python.

Used for mining, evaluation and calibration on prepared scans.
"""
import numpy as np
import torch
from torch.nn import functional as F

import targets


def scale(hu, window):
    """HU -> [-1, 1] float32, the network's input."""
    low, high = window
    return (np.clip(hu, low, high).astype(np.float32) - low) * (2.0 / (high - low)) - 1.0


def padded(hu, multiple=16, margin=16):
    """Air around and up to a multiple; the scan's voxel 0 lands at `margin`."""
    size = [-(-(s + 2 * margin) // multiple) * multiple for s in hu.shape]
    out = np.full(size, -32768, np.int16)
    out[tuple(slice(margin, margin + s) for s in hu.shape)] = hu
    return out, margin


def forward(net, scan, recipe, device="cpu", slab=112, halo=32):
    """Heat (sigmoid) and shape maps over one scan, in slabs of z to bound memory.

    Returns arrays on stride-2 cells and the voxel position of cell 0.
    """
    hu, margin = padded(scan.hu)
    depth = hu.shape[0]
    image = torch.from_numpy(scale(hu, recipe["hu_window"]))[None, None]
    heats, shapes = [], []
    with torch.no_grad():
        for start in range(0, depth, slab):
            stop = min(start + slab, depth)
            a, b = max(0, start - halo), min(depth, stop + halo)
            heat, shape = net(image[:, :, a:b].to(device))
            keep = slice((start - a) // 2, (stop - a) // 2)
            heats.append(torch.sigmoid(heat[0, 0, keep]).cpu())
            shapes.append(shape[0, :, keep].cpu())
    return torch.cat(heats), torch.cat(shapes, 1), margin


def marks(net, scan, recipe, device="cpu"):
    """(n, 5) rows z, y, x (scan voxels), diameter mm, score; best first."""
    heat, shape, margin = forward(net, scan, recipe, device)
    return candidates(heat, shape, scan.roi > 0, scan.spacing, recipe["decode"], margin)


def candidates(heat, shape, allowed, spacing, decode, margin=0):
    """(n, 5) rows as marks' of maps on stride-2 cells, where `allowed` (z, y, x) holds.

    The voxel 0 of `allowed` lies `margin` voxels behind the maps' first.
    """
    best = F.max_pool3d(heat[None, None], 3, 1, 1)[0, 0]
    at = torch.nonzero((heat == best) & (heat >= decode["min_score"]))
    if len(at) == 0:
        return np.zeros((0, 5))
    z, y, x = at.T
    score = heat[z, y, x].numpy()
    value = shape[:, z, y, x].numpy().T
    cell = at.numpy() + value[:, 1:]
    position = (cell + 0.5) * targets.STRIDE - 0.5 - margin
    rows = np.column_stack([position, np.exp(np.clip(value[:, 0], 0, 5)), score])
    whole = np.rint(position).astype(int)
    inside = ((whole >= 0) & (whole < np.array(allowed.shape))).all(1)
    rows, whole = rows[inside], whole[inside]
    rows = rows[[allowed[tuple(v)] or touches(allowed, row, spacing) for v, row in zip(whole, rows)]]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    return merge(rows, spacing, decode)


# How far outside of the region of interest a centre may lie, in diameters, and at most.
OUTSIDE_MOST, OUTSIDE_MOST_MM = 1 / 6, 10


def touches(allowed, row, spacing):
    """Whether a voxel of the region lies near enough to a candidate's centre for its size."""
    reach = min(row[3] * OUTSIDE_MOST, OUTSIDE_MOST_MM) / spacing
    low = np.maximum(np.ceil(row[:3] - reach).astype(int), 0)
    high = np.minimum(np.floor(row[:3] + reach).astype(int), np.array(allowed.shape) - 1)
    box = allowed[tuple(slice(a, b + 1) for a, b in zip(low, high))]
    at = np.argwhere(box) + low
    return bool((np.linalg.norm(at - row[:3], axis=1) <= reach).any())


def merge(rows, spacing, decode):
    """Greedy by score: a peak near a better one is the same candidate."""
    kept = []
    for row in rows:
        for other in kept:
            reach = max(decode["merge_mm"], decode["merge_radius"] * max(row[3], other[3]) / 2)
            if np.linalg.norm(row[:3] - other[:3]) * spacing < reach:
                break
        else:
            kept.append(row)
            if len(kept) == decode["max_candidates"]:
                break
    return np.array(kept).reshape(-1, 5)


def mirrored(net, rows, scan, recipe, device="cpu"):
    """Rows after the second look at mirror images, as inference/detect has it (mirrors.go)."""
    options = recipe["mirrors"]
    side, rows = options["size"], rows[:options["most"]].copy()
    if len(rows) == 0:
        return rows
    hu = np.pad(scan.hu, side, constant_values=-32768)
    middles = np.rint(rows[:, :3]).astype(int)
    crops = np.stack([hu[tuple(slice(a + side - side // 2, a + side + side // 2) for a in m)]
                      for m in middles])
    logits = logit(rows[:, 4])
    for axes in options["axes"]:
        image = np.flip(crops, ["czyx".index(a) for a in axes])
        logits += looks(net, torch.from_numpy(scale(image, recipe["hu_window"]))[:, None], device)
    rows[:, 4] = 1 / (1 + np.exp(-logits / (1 + len(options["axes"]))))
    return rows[np.argsort(-rows[:, 4], kind="stable")]


def looks(net, images, device):
    """The largest heat logit of the eight cells around the middle of each image."""
    c = images.shape[-1] // targets.STRIDE // 2
    with torch.no_grad():
        return np.concatenate([
            net(part.to(device))[0][:, 0, c - 1:c + 1, c - 1:c + 1, c - 1:c + 1].amax((1, 2, 3)).cpu().numpy()
            for part in images.split(16)])


def logit(score):
    score = np.clip(score, 1e-4, 1 - 1e-4)
    return np.log(score / (1 - score))
