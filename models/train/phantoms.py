#!/usr/bin/env python3
"""Draws and prepares phantoms for run.py: python3 models/train/phantoms.py --out DIR --seeds 11-15.

One folder holds the prepared volumes and labels.csv, the truth of its nodules.
Training takes phantoms without nodules (--nodules 0: the patches have implants,
and the phantoms' own would crowd out the real lesions), measuring and --smoke
take others, with nodules.
"""
import argparse
import csv
import os
import shlex
import subprocess
import tempfile

# Examinations differ from seed to seed: distance of slices (mm), kernel, noise (HU).
SLICES = (1.25, 2.5, 3.0, 1.25, 2.0)
KERNELS = ("soft", "standard", "sharp")
NOISE = (15, 25, 35)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--out", required=True)
    p.add_argument("--seeds", default="11-15", help="first-last")
    p.add_argument("--nodules", type=int, default=0)
    p.add_argument("--nafas", default="nafas", help="the program")
    args = p.parse_args()
    first, last = (int(v) for v in args.seeds.split("-"))
    os.makedirs(args.out, exist_ok=True)
    rows = []
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory() as series:
            subprocess.run(shlex.split(args.nafas) + [
                "phantom", series, "--seed", str(seed), "--nodules", str(args.nodules),
                "--spacing", str(SLICES[seed % 5]), "--kernel", KERNELS[seed % 3],
                "--noise", str(NOISE[seed // 2 % 3])], check=True)
            subprocess.run(shlex.split(args.nafas) + ["model", "prepare", args.out, series], check=True)
            with open(os.path.join(series, "truth.csv"), newline="") as f:
                rows += [r for r in csv.DictReader(f) if r["role"] == "nodule"]
    with open(os.path.join(args.out, "labels.csv"), "w", newline="") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow(["seriesuid", "coordX", "coordY", "coordZ", "diameter_mm", "judgement",
                        "kind", "source"])
        for r in rows:
            table.writerow([r["seriesuid"], r["coordX"], r["coordY"], r["coordZ"], r["diameter_mm"],
                            "nodule", r["kind"], "reference"])


if __name__ == "__main__":
    main()
