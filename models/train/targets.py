"""What the network is asked for, and how far off it is.

A voxel position v (index = voxel centre) lies at (v + 0.5) / 2 - 0.5 in cells.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

STRIDE = 2


def to_cells(voxel):
    return (np.asarray(voxel, np.float64) + 0.5) / STRIDE - 0.5


def make(lesions, weight, spacing_mm, loss):
    """Targets of one patch.

    lesions: (n, 4) z, y, x in patch voxels and diameter in mm.
    weight: uint8 (n, n, n), 1 = supervised.
    Returns heat, its weight, shape (4, ...) and its weight, all float32 on cells.
    """
    n = weight.shape[0] // STRIDE
    heat = np.zeros((n, n, n), np.float32)
    shape = np.zeros((4, n, n, n), np.float32)
    shape_weight = np.zeros((n, n, n), np.float32)
    # A cell counts where all of its eight voxels do.
    cells = weight.reshape(n, 2, n, 2, n, 2).min(axis=(1, 3, 5)).astype(np.float32)
    axis = np.arange(n, dtype=np.float64)
    low, high = loss["sigma_voxels"]
    for z, y, x, diameter in lesions:
        c = to_cells((z, y, x))
        peak = np.rint(c).astype(int)
        if (peak < 0).any() or (peak >= n).any():
            # The centre lies outside: its rim in the patch is neither
            # background nor a place to point at.
            silence(cells, c, diameter, spacing_mm, axis)
            continue
        dz, dy, dx = axis - c[0], axis - c[1], axis - c[2]
        r2 = (dz[:, None, None] ** 2 + dy[None, :, None] ** 2 + dx[None, None, :] ** 2)
        sigma = np.clip(diameter / spacing_mm * loss["sigma_fraction"], low, high) / STRIDE
        near = r2[tuple(peak)]
        bump = np.minimum(np.exp((near - r2) / (2 * sigma ** 2)), 1).astype(np.float32)
        inside = r2 < (0.5 * diameter / spacing_mm / STRIDE) ** 2
        if diameter > 14:
            # The body of a large lesion is no background: say little there.
            cells[inside & (bump < 0.3)] *= 0.1
        cells[tuple(peak)] = 1
        better = bump > heat
        heat[better] = bump[better]
        own = better & (bump >= 0.5)
        shape_weight[own] = bump[own]
        shape[0][own] = math.log(min(max(diameter, 2.0), loss["max_diameter_mm"]))
        for a, d in enumerate((-dz[:, None, None], -dy[None, :, None], -dx[None, None, :])):
            shape[a + 1][own] = np.broadcast_to(d, r2.shape)[own]
    return heat, cells, shape, shape_weight


def silence(cells, c, diameter, spacing_mm, axis):
    r2 = ((axis - c[0])[:, None, None] ** 2 + (axis - c[1])[None, :, None] ** 2
          + (axis - c[2])[None, None, :] ** 2)
    cells[r2 < (0.5 * diameter / spacing_mm / STRIDE + 1) ** 2] = 0


def loss(heat_logit, shape, target, options):
    """CenterNet focal loss (alpha 2, beta 4) plus L1 on size and offsets."""
    heat, cells, want, want_weight = target
    logit = heat_logit[:, 0]
    log_p, log_q = F.logsigmoid(logit), F.logsigmoid(-logit)
    p = torch.sigmoid(logit)
    peak = (heat >= 0.999).float() * (cells > 0).float()
    found = -(1 - p) ** 2 * log_p * peak
    quiet = -((1 - heat) ** 4) * p ** 2 * log_q * (1 - peak) * cells
    count = peak.sum().clamp(min=1)
    focal = (found.sum() + quiet.sum()) / count
    l1 = ((shape - want).abs().sum(1) * want_weight).sum() / want_weight.sum().clamp(min=1)
    return focal + options["shape_weight"] * l1, focal.detach(), l1.detach()
