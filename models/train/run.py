#!/usr/bin/env python3
"""Trains the network and writes a model: python3 models/train/run.py --prepared DIR --out DIR.

See README.md in this folder.
"""
import argparse
import copy
import os
import shlex
import sys
import time

# Threads that wait must sleep: on shared cores, spinning takes the time of the
# thread that is waited for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import yaml

import data
import evaluate
import folder
import train

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--prepared", help="folder written by `nafas model prepare`")
    p.add_argument("--phantom", help="prepared phantoms to train on, with their labels.csv (without nodules of "
                        "their own, or they crowd out the real lesions)")
    p.add_argument("--out", required=True, help="the model's folder (models/NAME)")
    p.add_argument("--fold", type=int, default=0, choices=(0, 1, 2, 3),
                   help="leave out the scans of this fold of data.csv; 0 trains on all")
    p.add_argument("--schedule", default="full", help="full, or another of recipe.yaml's schedules")
    p.add_argument("--seed", type=int, help="instead of the recipe's")
    p.add_argument("--work", help="checkpoints and logs (default: in the user's cache)")
    p.add_argument("--recipe", default=os.path.join(HERE, "recipe.yaml"))
    p.add_argument("--patches", default="nafas model patches", help="patch generator command")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16"),
                   help="auto: bfloat16 where the processor multiplies it itself (GPU, AMX)")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--smoke", action="store_true",
                   help="small nets on phantoms, minutes; fails unless they learn")
    args = p.parse_args()
    if args.smoke:
        args.schedule = "smoke"
    if args.smoke and not args.phantom or not args.smoke and not args.prepared:
        p.error("--prepared is needed, or --smoke with --phantom")
    return args


def read_recipe(args):
    with open(args.recipe) as f:
        recipe = yaml.safe_load(f)
    schedules = recipe.pop("schedules")
    if args.schedule not in schedules:
        raise SystemExit("no schedule %r in the recipe; there are %s" % (args.schedule, ", ".join(schedules)))
    for part, values in schedules[args.schedule].items():
        recipe[part].update(copy.deepcopy(values))
    if args.seed is not None:
        recipe["seed"] = args.seed
    return recipe


def links(prepared, scans, into):
    """A folder of links to these scans alone: who reads it cannot see another."""
    os.makedirs(into, exist_ok=True)
    for old in os.listdir(into):
        os.remove(os.path.join(into, old))
    for scan in scans:
        for suffix in (".json", ".hu.i16", ".roi.u8"):
            os.symlink(os.path.abspath(os.path.join(prepared, scan.uid + suffix)),
                       os.path.join(into, scan.uid + suffix))
    return into


def generator(args, recipe, scans):
    """generator(seed, first, hard): the command that streams patches.

    hard is the file of mined false marks, None before there is one.
    """
    options = recipe["train"]

    def command(seed, first, hard):
        labels = [os.path.join(HERE, "labels.csv")] + ([hard] if hard else [])
        if args.phantom:
            labels.append(os.path.join(args.phantom, "labels.csv"))
        out = shlex.split(args.patches) + [
            "--prepared", scans, "--seed", str(seed), "--first", str(first), "--size", str(recipe["patch"]),
            "--on-lesion", str(options["on_lesion"]), "--on-hard", str(options["on_hard"])]
        if args.phantom and not args.smoke:
            out += ["--phantom", args.phantom, "--phantom-share", str(options["phantom"])]
        return out + ["--labels", ",".join(labels)]

    return command


def logger(work):
    out = open(os.path.join(work, "train.log"), "a", buffering=1)

    def log(text):
        line = time.strftime("%H:%M:%S ") + text
        print(line, file=sys.stderr, flush=True)
        out.write(line + "\n")

    return log


def learn(args, recipe, scans, phantoms, prepared, work, log):
    training = links(prepared, scans, os.path.join(work, "training-scans"))
    mined = scans + (phantoms if not args.smoke else [])
    kind = train.precision(args.precision, args.device)
    log("multiplying in %s" % kind)
    return train.run(recipe, mined, generator(args, recipe, training), work, args.device, log, kind)


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    recipe = read_recipe(args)
    work = args.work or os.path.expanduser("~/.cache/nafas/train/%s-%s-%d-%d" % (
        recipe["model"], args.schedule, args.fold, recipe["seed"]))
    os.makedirs(work, exist_ok=True)
    log = logger(work)
    if args.smoke:
        return smoke(args, recipe, work, log)
    known = data.load(args.prepared)
    scans = [s for s in known if not args.fold or s.fold != args.fold]
    phantoms = data.phantoms(args.phantom) if args.phantom else []
    if not scans:
        raise SystemExit("no scan of data.csv is in " + args.prepared)
    log("training on %s and %d phantoms; left out: %s" % (
        ", ".join(s.case for s in scans), len(phantoms),
        ", ".join(s.case for s in known if s not in scans) or "none"))
    net = learn(args, recipe, scans, phantoms, args.prepared, work, log)
    # Provisional, since these scans were trained on: publish.py sets the points
    # that were measured on scans left out.
    _, false = evaluate.evaluate(net, scans, recipe, args.device, log)
    points = evaluate.operating_points({s.case: false[s.case] for s in scans if s.annotated})
    folder.write(args.out, recipe, net, points, scans, len(phantoms), log)
    record(args, recipe, args.schedule, scans, len(phantoms))


def record(args, recipe, schedule, scans, phantoms):
    folder.write_training(args.out, recipe, schedule, args.fold, train.precision(args.precision, args.device),
                          scans, phantoms)


def smoke(args, recipe, work, log):
    """Trains on all phantoms but the last, and must find that one's nodules."""
    phantoms = data.phantoms(args.phantom)
    if len(phantoms) < 2:
        raise SystemExit("--smoke needs two prepared phantoms")
    net = learn(args, recipe, phantoms[:-1], [], args.phantom, work, log)
    lesions, false = evaluate.evaluate(net, phantoms[-1:], recipe, args.device, log)
    large = [l for l in lesions if l["diameter"] >= 8]
    found = [l for l in large if l["rank"] and l["rank"] <= 2 * len(lesions)]
    log("smoke: %d of %d nodules of 8 mm and more among the first %d marks"
        % (len(found), len(large), 2 * len(lesions)))
    if not large or 2 * len(found) < len(large):
        raise SystemExit("the short training learnt nothing, or the phantom has no nodule to show it on")
    folder.write(args.out, recipe, net, evaluate.operating_points(false), [], len(phantoms) - 1, log)
    record(args, recipe, "smoke", [], len(phantoms) - 1)


if __name__ == "__main__":
    main()
