"""Operating points from the marks that measure.py kept of the folds."""
import math
import os

import evaluate
import tables


def place(row):
    return [float(row["coord" + a]) for a in "XYZ"]


def known_places(out):
    """{series: (place, reach in mm)} of what a mark may lie on without being false."""
    known = {}
    for name in ("truth", "excluded"):
        for row in tables.read(os.path.join(out, "real-%s.csv" % name)):
            diameter = float(row["diameter_mm"])
            known.setdefault(row["seriesuid"], []).append((place(row), diameter / 2 if diameter > 0 else 5))
    return known


def is_false(mark, known):
    return all(math.dist(place(mark), p) >= reach for p, reach in known.get(mark["seriesuid"], []))


def false_marks(out, folds):
    """{series: scores, best first} of marks on annotated scans that hit nothing known."""
    known = known_places(out)
    annotated = {r["seriesuid"] for r in tables.read(os.path.join(out, "real-truth.csv"))}
    scores = {}
    for fold in folds:
        for row in tables.read(os.path.join(out, "real-%s-series.csv" % fold)):
            if row["seriesuid"] in annotated:
                scores[row["seriesuid"]] = []
        for row in tables.read(os.path.join(out, "real-%s-marks.csv" % fold)):
            if row["seriesuid"] in scores and is_false(row, known):
                scores[row["seriesuid"]].append(float(row["probability"]))
    return {uid: sorted(s, reverse=True) for uid, s in scores.items()}


def published(out, folds, min_score):
    """quarter, one and four as model.yaml has them."""
    found = evaluate.operating_points(false_marks(out, folds))
    return {name: round(max(found[rate], min_score), 4) for name, rate in (("quarter", 0.25), ("one", 1), ("four", 4))}
