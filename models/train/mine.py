"""Hard negatives: what the net marks in training scans where nothing is labelled."""
import numpy as np

import detect


def false_marks(net, scan, recipe, device="cpu"):
    """Marks away from every labelled or ignored place, best first."""
    rows = detect.marks(net, scan, recipe, device)
    away = np.ones(len(rows), bool)
    for z, y, x, d in scan.lesions("nodule", "ignore"):
        distance = np.linalg.norm(rows[:, :3] - (z, y, x), axis=1) * scan.spacing
        away &= distance > d / 2 + 4
    return rows[away]


def collect(net, scans, recipe, device="cpu", log=print):
    """[(scan, centres, chances)]: places to cut training patches around.

    A place is drawn as often as it was scored, within bounds, so that one
    unlabelled true nodule cannot rule the batch.
    """
    found = []
    for scan in scans:
        rows = false_marks(net, scan, recipe, device)[:recipe["train"]["hard_per_scan"]]
        if len(rows) == 0:
            continue
        chance = np.clip(rows[:, 4], 0.05, 0.6)
        found.append((scan, rows[:, :3], chance / chance.sum()))
        log("mined %s: %d places, best scores %s"
            % (scan.case, len(rows), " ".join("%.2f" % s for s in rows[:8, 4])))
    return found
