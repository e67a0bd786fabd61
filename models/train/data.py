"""Prepared scans (written by `nafas model prepare`), their labels, and cuts of them."""
import csv
import glob
import json
import os

import numpy as np
from scipy import ndimage

HERE = os.path.dirname(os.path.abspath(__file__))
AIR = -1200  # outside the volume, as the network sees it


class Scan:
    """One prepared scan: isotropic HU in LPS order (z, y, x), its ROI, its labels."""

    def __init__(self, folder, uid, meta):
        self.uid = uid
        self.size = tuple(meta["size"][::-1])
        self.spacing = float(meta["spacingMm"][0])
        self.origin = np.array(meta["originLpsMm"][::-1], np.float64)
        self.meta = meta
        base = os.path.join(folder, uid)
        self.hu = np.fromfile(base + ".hu.i16", "<i2").reshape(self.size)
        self.roi = np.fromfile(base + ".roi.u8", np.uint8).reshape(self.size)
        self.case, self.use, self.labels = uid, "train", []

    def to_voxel(self, lps):
        return (np.asarray(lps[::-1], np.float64) - self.origin) / self.spacing

    def to_lps(self, zyx):
        return (np.asarray(zyx) * self.spacing + self.origin)[::-1]

    def lesions(self, *judgements):
        """(n, 4): z, y, x in voxels and diameter in mm."""
        rows = [(*self.to_voxel(l["lps"]), l["diameter"]) for l in self.labels
                if l["judgement"] in judgements]
        return np.array(rows, np.float64).reshape(-1, 4)

    def weight(self):
        """1 where supervised: in the ROI, away from ignored places."""
        if not hasattr(self, "_weight"):
            w = self.roi.copy()
            for z, y, x, d in self.lesions("ignore"):
                r = d / 2 / self.spacing + 2
                lo = [max(0, int(c - r)) for c in (z, y, x)]
                hi = [int(c + r) + 2 for c in (z, y, x)]
                box = w[lo[0]:hi[0], lo[1]:hi[1], lo[2]:hi[2]]
                if box.size == 0:
                    continue
                grid = np.ogrid[tuple(slice(l, l + s) for l, s in zip(lo, box.shape))]
                box[sum((g - c) ** 2 for g, c in zip(grid, (z, y, x))) < r * r] = 0
            self._weight = w
        return self._weight


def listing():
    with open(os.path.join(HERE, "data.csv"), newline="") as f:
        return {row["seriesuid"]: row for row in csv.DictReader(f)}


def labels():
    out = {}
    with open(os.path.join(HERE, "labels.csv"), newline="") as f:
        for row in csv.DictReader(f):
            out.setdefault(row["seriesuid"], []).append({
                "lps": tuple(float(row["coord" + a]) for a in "XYZ"),
                "diameter": float(row["diameter_mm"]),
                "judgement": row["judgement"], "source": row["source"]})
    return out


def load(folder, use=None):
    """The scans of a prepared folder that data.csv lists, in UID order."""
    known, marks, scans = listing(), labels(), []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path) as f:
            meta = json.load(f)
        uid = meta.get("seriesInstanceUid", "")
        if uid not in known or (use and known[uid]["use"] != use):
            continue
        scan = Scan(folder, uid, meta)
        scan.case, scan.use = known[uid]["case"], known[uid]["use"]
        scan.labels = marks.get(uid, [])
        scans.append(scan)
    return scans


def cut(scan, centre, n, rng, rotate=15.0, scale=(0.85, 1.2)):
    """A patch of n^3 voxels around centre (z, y, x), turned and scaled.

    Returns HU int16, weight uint8 and the lesions in it, as the stream gives them.
    """
    angles = np.deg2rad(rng.uniform(-rotate, rotate, 3))
    zoom = rng.uniform(*scale)
    turn = np.eye(3)
    for a, t in enumerate(angles):
        i, j = [k for k in range(3) if k != a]
        m = np.eye(3)
        m[i, i] = m[j, j] = np.cos(t)
        m[i, j], m[j, i] = -np.sin(t), np.sin(t)
        turn = turn @ m
    # patch voxel p -> scan voxel: A p + b, the patch's middle onto centre.
    a = turn / zoom
    middle = np.full(3, (n - 1) / 2)
    b = np.asarray(centre) - a @ middle
    corners = np.array([[i, j, k] for i in (0, n - 1) for j in (0, n - 1) for k in (0, n - 1)])
    reach = corners @ a.T + b
    lo = np.clip(np.floor(reach.min(0)).astype(int) - 1, 0, np.array(scan.size) - 2)
    hi = np.clip(np.ceil(reach.max(0)).astype(int) + 2, lo + 2, scan.size)
    box = tuple(slice(l, h) for l, h in zip(lo, hi))
    hu = ndimage.affine_transform(scan.hu[box].astype(np.float32), a, b - lo, (n, n, n),
                                  order=1, mode="constant", cval=AIR)
    weight = ndimage.affine_transform(scan.weight()[box], a, b - lo, (n, n, n),
                                      order=0, mode="constant", cval=0)
    lesions = scan.lesions("nodule")
    inverse = np.linalg.inv(a)
    inside = []
    for z, y, x, d in lesions:
        p = inverse @ (np.array([z, y, x]) - b)
        if (p > -d / 2 - 2).all() and (p < n + d / 2 + 2).all():
            inside.append((*p, d * zoom))
    return np.rint(hu).astype(np.int16), weight, np.array(inside, np.float32).reshape(-1, 4)
