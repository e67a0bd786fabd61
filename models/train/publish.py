#!/usr/bin/env python3
"""Gives a trained model what was measured: python3 models/train/publish.py --model DIR.

Sets the operating points and results of model.yaml and writes card.md, both
from the marks that measure.py kept: those of the fold models on patients that
they never saw. A shipped model that is trained on every patient has no such
marks of its own.
"""
import argparse
import datetime
import os
import tempfile

import yaml

import data
import folder
import points
import report
import tables


def set_points(model, out):
    """Writes the operating points of the fold models' marks into a folder's model.yaml."""
    folds = [f for f in report.FOLDS if report.has(argparse.Namespace(out=out), "real", f)]
    described = folder.read(model)
    described["operating_points"] = points.published(out, folds, described["head"]["min_score"])
    folder.save(model, described)
    return described


def check(model, recipe):
    """Refuses a folder that the figures are not about: another recipe's, a fold's, a short run's."""
    run, described = folder.read_training(model), folder.read(model)
    if run["version"] != recipe["version"] or described["version"] != recipe["version"]:
        raise SystemExit("%s is of version %s, the recipe of %s: its figures are not this model's" % (
            model, described["version"], recipe["version"]))
    if described.get("mirrors") != folder.model_mirrors(recipe):
        raise SystemExit("%s has other mirrors than the recipe" % model)
    if run["schedule"] != "full" or run["fold"] != 0:
        raise SystemExit("%s is of the %s schedule and fold %d: the whole one on all scans is published" % (
            model, run["schedule"], run["fold"]))
    absent = {row["case"] for row in data.listing().values()} - set(run["scans"])
    if absent:
        raise SystemExit("%s was trained without %s, which data.csv lists" % (model, ", ".join(sorted(absent))))
    return run


def results(found, lesions, at):
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
    real = "real lesions of patients never trained on (fold models)"
    for metric, good in (("no false mark above it in its scan", [l for l in first if l[3] == 0 and l[5]]),
                         ("found at the 1-false-mark point, which comes from these scans' false marks",
                          [l for l in first if l[5] and float(l[5]) >= at["one"]])):
        rows.append({"data": real, "metric": metric, "value": round(len(good) / len(first), 3),
                     "note": "%d of %d lesions" % (len(good), len(first))})
    return rows


def card(model, run, found, lesions, drawn):
    lines = ["# %s %s" % (model["name"], model["version"]), "", model["intended_use"], "",
             "One 3D network: candidates over the whole lung box, the best of them seen again as mirror images. Trained by "
             "`models/train` (recipe %s: %d iterations, seed %d, multiplied in %s, PyTorch %s); published %s." % (
                 run["version"], run["iterations"], run["seed"], run["multiplied_in"], run["pytorch"],
                 datetime.date.today()), "",
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
    lines += tables.markdown(report.LESION_COLUMNS, lesions)
    p = model["operating_points"]
    lines += [least(found), ""]
    lines += ["Operating points (quarter %.4f, one %.4f, four %.4f): a line through log rate over the score's logit of "
              "the fold models' false marks on the annotated scans. The fold models had the short schedule: this model's "
              "scores need not be quite theirs. " % (p["quarter"], p["one"], p["four"]) + drawn, "", LIMITS]
    return "\n".join(lines)


def least(found):
    """What is found least, of each way to divide the simulated nodules."""
    worst = []
    for by in ("size", "kind", "placement"):
        s = min((s for s in found["strata"] if s["by"] == by and s["nodules"]), key=lambda s: s["sensitivity"]["1"])
        worst.append("by %s %s (%s at 1 false mark per scan)" % (by, s["name"], report.share(s["sensitivity"]["1"], s["nodules"])))
    return "Found least, of the simulated nodules: " + ", ".join(worst) + "."


LIMITS = """## Limits

- Not shown: real nodules below 7 mm, more than one real ground-glass, screening populations, children, lungs after
  surgery, scanners other than GE and Siemens. Few patients; slices of 1.25 to 3 mm.
- Simulated nodules are drawn by the generator that training uses (with other seeds): real ones differ from them in
  ways that are not measured here.
- No mark does not mean no nodule.
- Reference positions of the large tumours are segmentation centroids; some training labels are one person's judgement
  (`models/train/labels.csv`, sources audit and own).
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
    run = check(args.model, recipe)
    model = set_points(args.model, args.out)
    folds = [f for f in report.FOLDS if report.has(args, "real", f)]
    lesions = report.lesions(args)
    with tempfile.TemporaryDirectory() as work:
        truth, excluded = report.simulated_tables(args, work, folds)
        found = report.evaluation(args, work, folds, "simulated", truth, excluded)
        drawn = on_phantoms(args, work, model["operating_points"])
    model["results"] = results(found, lesions, model["operating_points"])
    folder.save(args.model, model)
    with open(os.path.join(args.model, "card.md"), "w") as f:
        f.write(card(model, run, found, lesions, drawn))


def on_phantoms(args, work, at):
    """What this very model does at its points where nothing was trained on: on phantoms."""
    found = report.phantoms_at(args, work, "shipped", at)
    if found is None:
        return ""
    return "On phantoms, this very model: " + "; ".join(
        "at %s %d of %d nodules and %.1f false marks a phantom" % (
            t["name"], t["detected"], t["nodules"], t["false_marks_per_scan"]) for t in found["thresholds"]) + "."


if __name__ == "__main__":
    main()
