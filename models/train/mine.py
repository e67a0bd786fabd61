"""Hard negatives: what the net marks in training scans where nothing is labelled."""
import csv

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


def collect(net, scans, recipe, path, device="cpu", log=print):
    """Writes the best false marks as labels of judgement `hard`.

    The generator centres some patches on them; they stay background. The file
    is also what an audit looks at: a true nodule that nobody labelled ranks
    high in it, and belongs into labels.csv.
    """
    with open(path, "w", newline="") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow(["seriesuid", "coordX", "coordY", "coordZ", "diameter_mm", "judgement",
                        "case", "score"])
        for scan in scans:
            most = recipe["train"]["hard_per_phantom" if scan.collection == "phantom" else "hard_per_scan"]
            rows = false_marks(net, scan, recipe, device)[:most]
            for row in rows:
                table.writerow([scan.uid] + ["%.2f" % v for v in scan.to_lps(row[:3])]
                               + ["%.1f" % row[3], "hard", scan.case, "%.4f" % row[4]])
            log("mined %s: %d places, best scores %s"
                % (scan.case, len(rows), " ".join("%.2f" % s for s in rows[:8, 4])))
