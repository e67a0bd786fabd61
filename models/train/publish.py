#!/usr/bin/env python3
"""Gives a trained model what was measured: python3 models/train/publish.py --model DIR.

Sets the operating points and results of model.yaml and writes card.md, both
from the marks that measure.py kept: those of the fold models on patients that
they never saw. A shipped model that is trained on every patient has no such
marks of its own.
"""
import argparse
import datetime
import math
import os
import tempfile

import yaml

import evaluate
import folder
import report
import tables


def false_marks(out, folds):
    """{series: scores} of marks on annotated scans that hit nothing known."""
    known = {}
    for name in ("truth", "excluded"):
        for row in tables.read(os.path.join(out, "real-%s.csv" % name)):
            known.setdefault(row["seriesuid"], []).append((report.place(row), float(row["diameter_mm"]), row["case"]))
    annotated = {r["seriesuid"] for r in tables.read(os.path.join(out, "real-truth.csv"))}
    scores = {}
    for fold in folds:
        for row in tables.read(os.path.join(out, "real-%s-series.csv" % fold)):
            if row["seriesuid"] in annotated:
                scores[row["seriesuid"]] = []
        for row in tables.read(os.path.join(out, "real-%s-marks.csv" % fold)):
            uid = row["seriesuid"]
            if uid in scores and all(math.dist(report.place(row), p) >= max(d / 2, 5 if d < 0 else 0)
                                     for p, d, _ in known.get(uid, [])):
                scores[uid].append(float(row["probability"]))
    return {uid: sorted(s, reverse=True) for uid, s in scores.items()}


def results(found, lesions, points):
    """Rows of model.yaml's results."""
    rows = []
    for s in found["strata"]:
        if s["by"] == "size" and s["nodules"]:
            for rate in ("1", "4"):
                rows.append({"data": "simulated nodules of %s in lungs never trained on (fold models)" % s["name"],
                             "metric": "sensitivity at %s false mark%s per scan" % (rate, "" if rate == "1" else "s"),
                             "value": round(s["sensitivity"][rate], 3),
                             "note": "of %d nodules in %d scans" % (s["nodules"], s["scans"])})
    first = [l for l in lesions if l[0] != report.APART]
    rows.append({"data": "real lesions of patients never trained on (fold models)", "metric": "first place in the scan",
                 "value": round(sum(l[3] == 1 for l in first) / len(first), 3),
                 "note": "%d of %d lesions" % (sum(l[3] == 1 for l in first), len(first))})
    rows.append({"data": "real lesions of patients never trained on (fold models)",
                 "metric": "sensitivity at the 1-false-mark point",
                 "value": round(sum(bool(l[4]) and float(l[4]) >= points[1] for l in first) / len(first), 3),
                 "note": "%d of %d lesions" % (sum(bool(l[4]) and float(l[4]) >= points[1] for l in first), len(first))})
    return rows


def card(model, recipe, found, lesions):
    lines = ["# %s %s" % (model["name"], model["version"]), "", model["intended_use"], "",
             "One 3D network: candidates over the whole lung box, the best of them seen again as mirror images. Trained by "
             "`models/train` (recipe.yaml, seed %d); published %s." % (recipe["seed"], datetime.date.today()), "",
             "## Data", ""]
    lines += tables.markdown(("source", "licence", "scans", "what"),
                          [(d["name"], d["license"], d["scans"] or "", d["note"]) for d in model["training_data"]])
    lines += ["- " + d["citation"] for d in model["training_data"] if d["citation"]]
    lines += ["", "Weights: %s. The scans themselves are not part of this project." % model["license"], "",
              "## Results", "",
              "Of models of the same recipe (short schedule) that never saw the patient: this one was trained on all "
              "of them, so no figure is its own. Counts, intervals and what else was measured: docs/accuracy.md.", ""]
    lines += tables.markdown(("simulated nodules", "at 1 false mark per scan", "at 4"), report.stratum_rows(found, "size"))
    lines += tables.markdown(("simulated nodules", "at 1 false mark per scan", "at 4"), report.stratum_rows(found, "kind"))
    lines += tables.markdown(("scan", "model", "diameter mm", "rank", "score", "distance mm", "diameter found mm"), lesions)
    p = model["operating_points"]
    lines += ["Operating points (quarter %.4f, one %.4f, four %.4f): a line through log rate over the score's logit of "
              "the fold models' false marks on the annotated scans." % (p["quarter"], p["one"], p["four"]), "", LIMITS]
    return "\n".join(lines)


LIMITS = """## Limits

- Not shown: real nodules below 7 mm, more than one real ground-glass, screening populations, children, lungs after
  surgery, scanners other than GE and Siemens. Few patients; slices of 1.25 to 3 mm.
- Simulated nodules are drawn by the generator that training uses (with other seeds): real ones differ from them in
  ways that are not measured here.
- Small, ground-glass and juxta-pleural nodules are found least. No mark does not mean no nodule.
- Reference positions of the large tumours are segmentation centroids; some training labels are one person's judgement
  (`models/train/labels.csv`, source audit).
- The operating points come from few scans: measure on your own studies (`nafas evaluate`).
"""


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--model", required=True, help="the model's folder")
    p.add_argument("--nafas", default="nafas", help="the program")
    p.add_argument("--out", default="docs/accuracy", help="where measure.py kept its marks")
    p.add_argument("--recipe", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "recipe.yaml"))
    args = p.parse_args()
    with open(args.recipe) as f:
        recipe = yaml.safe_load(f)
    with open(os.path.join(args.model, "model.yaml")) as f:
        model = yaml.safe_load(f)
    folds = [f for f in report.FOLDS if report.has(args, "real", f)]
    points = evaluate.operating_points(false_marks(args.out, folds))
    points = {k: round(max(v, recipe["decode"]["min_score"]), 4) for k, v in points.items()}
    lesions = report.lesions(args)
    with tempfile.TemporaryDirectory() as work:
        truth, excluded = report.simulated_tables(args, work, folds)
        found = report.evaluation(args, work, folds, "simulated", truth, excluded)
    model["operating_points"] = {"quarter": points[0.25], "one": points[1], "four": points[4]}
    model["results"] = results(found, lesions, points)
    folder.save(args.model, model)
    with open(os.path.join(args.model, "card.md"), "w") as f:
        f.write(card(model, recipe, found, lesions))


if __name__ == "__main__":
    main()
