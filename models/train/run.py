#!/usr/bin/env python3
"""Trains, measures and writes a model: python3 models/train/run.py --prepared DIR --out DIR.

See README.md in this folder.
"""
import argparse
import copy
import json
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
import stream
import train

HERE = os.path.dirname(os.path.abspath(__file__))
GENERATOR = "nafas model patches"


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--prepared", required=True, help="folder written by `nafas model prepare`")
    p.add_argument("--out", required=True, help="the model's folder (models/NAME)")
    p.add_argument("--work", help="checkpoints and logs (default: OUT.work)")
    p.add_argument("--recipe", default=os.path.join(HERE, "recipe.yaml"))
    p.add_argument("--patches", default=GENERATOR, help="patch generator command")
    p.add_argument("--phantom", help="folder of prepared phantom volumes with labels.csv")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--smoke", action="store_true", help="minutes instead of hours; must learn")
    return p.parse_args()


def read_recipe(path, smoke):
    with open(path) as f:
        recipe = yaml.safe_load(f)
    changes = recipe.pop("smoke")
    if smoke:
        for part, values in changes.items():
            recipe[part].update(copy.deepcopy(values))
    return recipe


def training_folder(prepared, scans, work):
    """Links to the training scans alone: the generator cannot see a held-out one."""
    folder = os.path.join(work, "training-scans")
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    for scan in scans:
        for suffix in (".json", ".hu.i16", ".roi.u8"):
            os.symlink(os.path.abspath(os.path.join(prepared, scan.uid + suffix)),
                       os.path.join(folder, scan.uid + suffix))
    return folder


def logger(work):
    out = open(os.path.join(work, "train.log"), "a", buffering=1)

    def log(text):
        line = time.strftime("%H:%M:%S ") + text
        print(line, file=sys.stderr, flush=True)
        out.write(line + "\n")

    return log


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    recipe = read_recipe(args.recipe, args.smoke)
    work = args.work or args.out.rstrip("/") + ".work"
    os.makedirs(work, exist_ok=True)
    log = logger(work)
    scans = data.load(args.prepared)
    training = [s for s in scans if s.use == "train"]
    if not training:
        raise SystemExit("no listed training scan in " + args.prepared)
    log("training on %s; held out %s" % (", ".join(s.case for s in training),
        ", ".join(s.case for s in scans if s.use != "train") or "none"))
    folder = training_folder(args.prepared, training, work)

    def generator(seed, first, hard):
        options = recipe["train"]
        labels = [os.path.join(HERE, "labels.csv")] + ([hard] if hard else [])
        command = shlex.split(args.patches) + [
            "--prepared", folder, "--seed", str(seed), "--first", str(first),
            "--size", str(recipe["patch"]), "--on-lesion", str(options["on_lesion"]),
            "--on-hard", str(options["on_hard"])]
        if args.phantom:
            labels.append(os.path.join(args.phantom, "labels.csv"))
            command += ["--phantom", args.phantom, "--phantom-share", str(options["phantom"])]
        return command + ["--labels", ",".join(labels)]

    net = train.run(recipe, training, generator, work, args.device, log)
    lesions, false = evaluate.evaluate(net, scans, recipe, args.device, log)


if __name__ == "__main__":
    main()
