#!/usr/bin/env python3
"""Trains, measures and writes a model: python3 models/train/run.py --prepared DIR --out DIR.

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

import card
import data
import evaluate
import stream
import train

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--prepared", help="folder written by `nafas model prepare`")
    p.add_argument("--phantom", help="prepared phantoms to train on, with their labels.csv (without nodules of "
                        "their own, or they crowd out the real lesions)")
    p.add_argument("--phantom-test", help="other prepared phantoms, to measure on")
    p.add_argument("--out", required=True, help="the model's folder (models/NAME)")
    p.add_argument("--work", help="checkpoints and logs (default: in the user's cache)")
    p.add_argument("--recipe", default=os.path.join(HERE, "recipe.yaml"))
    p.add_argument("--patches", default="nafas model patches", help="patch generator command")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--smoke", action="store_true",
                   help="a small net on phantoms, minutes; fails unless it learns")
    args = p.parse_args()
    if args.smoke and not args.phantom or not args.smoke and not args.prepared:
        p.error("--prepared is needed, or --smoke with --phantom")
    return args


def read_recipe(path, smoke):
    with open(path) as f:
        recipe = yaml.safe_load(f)
    changes = recipe.pop("smoke")
    if smoke:
        for part, values in changes.items():
            recipe[part].update(copy.deepcopy(values))
    return recipe


def links(prepared, scans, folder):
    """A folder of links to these scans alone: who reads it cannot see another."""
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    for scan in scans:
        for suffix in (".json", ".hu.i16", ".roi.u8"):
            os.symlink(os.path.abspath(os.path.join(prepared, scan.uid + suffix)),
                       os.path.join(folder, scan.uid + suffix))
    return folder


def generator(args, recipe, folder):
    """generator(seed, first, hard) for train.run: the command that streams patches."""
    options = recipe["train"]

    def command(seed, first, hard):
        labels = [os.path.join(HERE, "labels.csv")] + ([hard] if hard else [])
        out = shlex.split(args.patches) + [
            "--prepared", folder, "--seed", str(seed), "--first", str(first),
            "--size", str(recipe["patch"]), "--on-lesion", str(options["on_lesion"]),
            "--on-hard", str(options["on_hard"])]
        if args.phantom and (args.smoke or hard or options["phantom_from"] == 0):
            labels.append(os.path.join(args.phantom, "labels.csv"))
            if not args.smoke:
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


def unseen_simulated(args, recipe, net, scans, work):
    """Implanted nodules in the lungs of held-out scans: see evaluate.simulated."""
    folder = links(args.prepared, scans, os.path.join(work, "held-out-scans"))
    held = dict(recipe, patch=64, train=dict(recipe["train"], on_lesion=0, on_hard=0, phantom=0))
    command = generator(args, held, folder)(recipe["seed"] + 1, 0, None)
    patches = stream.Patches(command)
    try:
        return evaluate.simulated(net, patches, recipe["evaluate"]["patches"], recipe, args.device)
    finally:
        patches.close()


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    recipe = read_recipe(args.recipe, args.smoke)
    work = args.work or os.path.expanduser("~/.cache/nafas/train/" + recipe["model"]
                                           + ("-smoke" if args.smoke else ""))
    os.makedirs(work, exist_ok=True)
    log = logger(work)
    if args.smoke:
        return smoke(args, recipe, work, log)
    scans = data.load(args.prepared)
    phantoms = data.phantoms(args.phantom) if args.phantom else []
    tests = data.phantoms(args.phantom_test) if args.phantom_test else []
    training = [s for s in scans if s.use == "train"]
    held = [s for s in scans if s.use == "holdout"]
    if not training or not held:
        raise SystemExit("a training and a held-out scan of data.csv must be in " + args.prepared)
    log("training on %s and %d phantoms; held out %s" % (
        ", ".join(s.case for s in training), len(phantoms), ", ".join(s.case for s in held)))
    folder = links(args.prepared, training, os.path.join(work, "training-scans"))
    net = train.run(recipe, training, generator(args, recipe, folder), work,
                    args.device, log)
    lesions, false = evaluate.evaluate(net, scans + tests, recipe, args.device, log)
    points = evaluate.operating_points({s.case: false[s.case] for s in scans if s.annotated})
    log("operating points %s" % points)
    rows = unseen_simulated(args, recipe, net, held, work)
    card.write(args.out, recipe, net, scans, tests, len(phantoms), lesions, false, points,
               rows, log)


def smoke(args, recipe, work, log):
    """Trains on all phantoms but the last, and must find that one's nodules."""
    phantoms = data.phantoms(args.phantom)
    if len(phantoms) < 2:
        raise SystemExit("--smoke needs two prepared phantoms")
    folder = links(args.phantom, phantoms[:-1], os.path.join(work, "training-scans"))
    net = train.run(recipe, phantoms[:-1], generator(args, recipe, folder), work, args.device, log)
    lesions, false = evaluate.evaluate(net, phantoms[-1:], recipe, args.device, log)
    large = [l for l in lesions if l["diameter"] >= 8]
    found = [l for l in large if l["rank"] and l["rank"] <= 2 * len(lesions)]
    log("smoke: %d of %d nodules of 8 mm and more among the first %d marks"
        % (len(found), len(large), 2 * len(lesions)))
    if 2 * len(found) < len(large):
        raise SystemExit("the short training learnt nothing")


if __name__ == "__main__":
    main()
