"""Marks against labels on prepared scans, in Python: for mining, provisional
thresholds and the short training's proof. What is published is measured by
Nafas itself (measure.py).

A hit: the mark's centre strictly within diameter / 2 of the lesion's. Marks on
ignored or audited places are neither hits nor false (their truth is unknown).
"""
import numpy as np

import detect


def marks(net, scan, recipe, device="cpu"):
    """Rows z, y, x (scan voxels), diameter mm, score after the second look; best first."""
    return detect.mirrored(net, detect.marks(net, scan, recipe, device), scan, recipe, device)


def judge(scan, rows):
    """What each mark is worth, and where each reference lesion came.

    Returns (lesions, false scores). A lesion is a dict with its diameter, and
    rank, score, distance and found diameter of its best mark, or rank None.
    """
    free = np.ones(len(rows), bool)
    lesions = []
    reference = [l for l in scan.labels if l["judgement"] == "nodule" and l["source"] == "reference"]
    for label in reference:
        distance = np.linalg.norm(rows[:, :3] - scan.to_voxel(label["lps"]), axis=1) * scan.spacing
        hit = distance < label["diameter"] / 2
        free &= ~hit
        entry = {"case": scan.case, "diameter": label["diameter"], "rank": None, "score": 0.0}
        if hit.any():
            best = int(np.argmax(hit))  # rows are sorted by score
            entry.update(rank=best + 1, score=float(rows[best, 4]),
                         distance=float(distance[best]), found=float(rows[best, 3]))
        lesions.append(entry)
    for label in scan.labels:
        if label in reference:
            continue
        distance = np.linalg.norm(rows[:, :3] - scan.to_voxel(label["lps"]), axis=1) * scan.spacing
        free &= distance >= max(5.0, label["diameter"] / 2)
    return lesions, rows[free, 4]


def evaluate(net, scans, recipe, device="cpu", log=print):
    """One line per lesion; returns lesions and the false marks of each scan."""
    lesions, false = [], {}
    for scan in scans:
        here, scores = judge(scan, marks(net, scan, recipe, device))
        lesions += here
        false[scan.case] = scores
        for l in here:
            where = ("rank %d, score %.3f, %.1f mm off, %.1f mm wide"
                     % (l["rank"], l["score"], l["distance"], l["found"])
                     if l["rank"] else "missed")
            log("%-18s lesion of %.1f mm: %s" % (scan.case, l["diameter"], where))
        log("%-18s false marks: best %s" % (scan.case, " ".join("%.2f" % s for s in scores[:10])))
    return lesions, false


def operating_points(false, rates=(0.25, 1, 4)):
    """Score thresholds for these numbers of false marks a scan.

    A line through log(rate) over the logit of the score, over the marks from
    the first to the 8th per scan: with few scans the single mark at a rate is
    chance, the line is less so. Returns {rate: threshold}.
    """
    scores = np.sort(np.concatenate([np.asarray(f)[:20] for f in false.values()]))[::-1]
    count = min(len(scores), 8 * len(false))
    if count < 4:
        raise SystemExit("too few false marks to set operating points")
    scores = np.clip(scores[:count], 1e-4, 1 - 1e-4)
    logit = np.log(scores / (1 - scores))
    rate = np.log((np.arange(count) + 1.0) / len(false))
    slope, base = np.polyfit(rate, logit, 1)
    return {r: float(1 / (1 + np.exp(-(base + slope * np.log(r))))) for r in rates}
