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
    rows = rows[allowed[tuple(whole.T)]]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    return merge(rows, spacing, decode)


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


def refined(second, rows, scan, recipe, weights, device="cpu"):
    """Rows after the second stage, as inference/detect has it (second.go)."""
    if len(rows) == 0:
        return rows
    side, rows = recipe["second"]["crop"], rows.copy()
    hu = np.pad(scan.hu, side, constant_values=-32768)
    middles = np.rint(rows[:, :3]).astype(int)
    crops = np.stack([hu[tuple(slice(a + side - side // 2, a + side + side // 2) for a in m)]
                      for m in middles])
    image = torch.from_numpy(scale(crops, recipe["hu_window"]))[:, None]
    with torch.no_grad():
        out = np.concatenate([second(part.to(device)).cpu().numpy() for part in image.split(16)])
    score = np.clip(rows[:, 4], 1e-4, 1 - 1e-4)
    logit = weights[0] * np.log(score / (1 - score)) + weights[1] * out[:, 0] + weights[2]
    rows[:, 4] = 1 / (1 + np.exp(-logit))
    return rows[np.argsort(-rows[:, 4], kind="stable")]
