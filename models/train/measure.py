#!/usr/bin/env python3
"""Measures models on what they never saw: python3 models/train/measure.py marks|phantoms|robustness|report.

`marks` reads the scans of a fold with the model that was trained without them,
as they are and with simulated nodules set into them; `phantoms` reads drawn
chests; `robustness` reads the scans of a fold altered in many ways. All keep
their tables in one folder (docs/accuracy), so that `report` computes every
figure of docs/accuracy.md from them again, on any machine. Everything is read
and evaluated by Nafas itself.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import tempfile

import alterations
import data
import publish
import report
import tables

# The simulated set: of each scan so many copies with so many nodules, their
# sizes drawn evenly over the strata. Phantoms have other seeds than training's;
# slices, kernel and noise change with each.
COPIES, NODULES, SEED = 6, 12, 4242
PHANTOM_SEEDS = range(901, 913)
PHANTOM_NODULES = 8
SLICES = (1.0, 1.5, 2.0, 2.5, 3.0)
KERNELS = ("standard", "sharp", "soft")
NOISE = (20, 30, 12)

COLUMNS = ["seriesuid", "coordX", "coordY", "coordZ", "diameter_mm"]


def run(nafas, *words):
    # Some inputs that failed (3) are a failure here: figures are of all scans.
    subprocess.run(shlex.split(nafas) + [str(w) for w in words], check=True)


def labels():
    """Every known place, as rows of a table."""
    known = data.listing()
    return [dict(zip(COLUMNS, (uid, *l["lps"], l["diameter"])), **l, case=known[uid]["case"])
            for uid, rows in data.labels().items() if uid in known for l in rows]


def truth(out):
    """The reference lesions of the annotated scans, and what is passed over.

    Places of the source own were judged by who trained: they steer the
    training and excuse no mark.
    """
    rows = labels()
    columns = COLUMNS + ["case", "source"]
    tables.write(os.path.join(out, "real-truth.csv"), columns,
                 [r for r in rows if r["judgement"] == "nodule" and r["source"] == "reference"])
    tables.write(os.path.join(out, "real-excluded.csv"), columns,
                 [r for r in rows if r["source"] in ("audit", "luna16-excluded")])


def same_truth(kept, made):
    """Keeps a table of truth; refuses another than the marks beside it were measured on."""
    if os.path.exists(kept) and open(kept, "rb").read() != open(made, "rb").read():
        raise SystemExit("%s is of another set than the generator makes now: remove it with the marks measured on it, "
                         "and measure all of them again" % kept)
    shutil.copy(made, kept)


def evaluate(args, paths, annotations, excluded, out):
    run(args.nafas, "evaluate", *paths, "--model", args.model, "--annotations", annotations,
        "--excluded", excluded, "--out", out)


def keep(out, name, evaluated, known):
    """Marks and series of an evaluation, with what is known of each series."""
    shutil.copy(os.path.join(evaluated, "marks.csv"), os.path.join(out, name + "-marks.csv"))
    rows = tables.read(os.path.join(evaluated, "series.csv"))
    for r in rows:
        r.update(known.get(r["seriesuid"], {}))
    columns = ["seriesuid", "thickness_mm", "spacing_mm", "kernel", "group", "case"]
    tables.write(os.path.join(out, name + "-series.csv"), columns, rows)


def unseen(args):
    """{case: row of data.csv} and {case: folder} of the scans that the fold left out."""
    cases = {row["case"]: row for row in data.listing().values() if int(row["fold"]) == args.fold}
    folders = {case: os.path.join(args.ct, case) for case in sorted(cases)}
    absent = [f for f in folders.values() if not os.path.isdir(f)]
    if absent:
        raise SystemExit("not there: " + ", ".join(absent))
    return cases, folders


def marks(args, work):
    cases, folders = unseen(args)
    truth(args.out)
    real = os.path.join(work, "real")
    evaluate(args, folders.values(), os.path.join(args.out, "real-truth.csv"),
             os.path.join(args.out, "real-excluded.csv"), real)
    keep(args.out, "real-" + args.name, real,
         {row["seriesuid"]: {"case": case, "group": case} for case, row in cases.items()})
    simulated(args, work, folders)


def simulated(args, work, folders):
    known = os.path.join(work, "known.csv")
    tables.write(known, COLUMNS, labels())
    made = os.path.join(work, "simulated")
    into = [w for folder in folders.values() for w in ("--into", folder)]
    run(args.nafas, "phantom", made, *into, "--copies", COPIES, "--nodules", NODULES, "--strata",
        "--seed", SEED, "--known", known)
    for table in ("truth", "excluded"):
        same_truth(os.path.join(args.out, "simulated-fold%d-%s.csv" % (args.fold, table)),
                   os.path.join(made, table + ".csv"))
    names = {r["seriesuid"]: r["folder"].rsplit("-", 1)[0] for r in tables.read(os.path.join(made, "series.csv"))}
    result = os.path.join(work, "simulated-evaluated")
    evaluate(args, [made], os.path.join(made, "truth.csv"), os.path.join(made, "excluded.csv"), result)
    keep(args.out, "simulated-" + args.name, result,
         {uid: {"case": case, "group": case} for uid, case in names.items()})


def robustness(args, work):
    """With the operating points of all folds' marks, as a published model has them."""
    _, folders = unseen(args)
    truth(args.out)
    model = os.path.join(work, "model")
    shutil.copytree(args.model, model)
    publish.set_points(model, args.out)
    run(args.nafas, "model", "robustness", *folders.values(), "--model", model,
        "--annotations", os.path.join(args.out, "real-truth.csv"), "--out", work)
    shutil.copy(os.path.join(work, "robustness.csv"), alterations.path(args.out, args.name))


def phantoms(args, work):
    rows, known = [], {}
    for i, seed in enumerate(PHANTOM_SEEDS):
        folder = os.path.join(work, "phantoms", str(seed))
        run(args.nafas, "phantom", folder, "--seed", seed, "--nodules", PHANTOM_NODULES, "--diameters", "6-25",
            "--spacing", SLICES[i % 5], "--kernel", KERNELS[i % 3], "--noise", NOISE[i // 2 % 3])
        here = tables.read(os.path.join(folder, "truth.csv"))
        rows += here
        known[here[0]["seriesuid"]] = {"case": str(seed), "group": str(seed)}
    table, made = os.path.join(args.out, "phantom-truth.csv"), os.path.join(work, "truth.csv")
    tables.write(made, list(rows[0]), rows)
    same_truth(table, made)
    result = os.path.join(work, "phantoms-evaluated")
    run(args.nafas, "evaluate", os.path.join(work, "phantoms"), "--model", args.model,
        "--annotations", table, "--out", result)
    keep(args.out, "phantom-" + args.name, result, known)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("what", choices=("marks", "phantoms", "robustness", "report"))
    p.add_argument("--nafas", default="nafas", help="the program")
    p.add_argument("--ct", help="marks, robustness: folder of the scans, one folder a case")
    p.add_argument("--model", help="the model's folder")
    p.add_argument("--fold", type=int, choices=(1, 2, 3), help="marks, robustness: the fold that the model never saw")
    p.add_argument("--name", help="of the run, such as fold1 or fold1-seed2")
    p.add_argument("--out", default="docs/accuracy")
    args = p.parse_args()
    if args.what != "report" and not (args.model and args.name):
        p.error("--model and --name are needed")
    if args.what in ("marks", "robustness") and not (args.ct and args.fold):
        p.error(args.what + " needs --ct and --fold")
    os.makedirs(args.out, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        {"marks": marks, "phantoms": phantoms, "robustness": robustness,
         "report": report.write}[args.what](args, work)


if __name__ == "__main__":
    main()
