"""An evaluation by LUNA16's protocol, independent of package froc.

Written from the protocol's text, by counting: a score, then all marks at or
above it, then which nodules they lie on. It shares no code and no way of
working with the Go package, which sorts once and sweeps. Reads a list of cases
as JSON on standard input, writes a list of results as JSON.

A case: scans (a number), marks [[scan, x, y, z, score, diameter or 0]],
nodules and excluded [[scan, x, y, z, diameter or -1]], thickness [mm a scan, 0
unknown], most, resamples [[scan indexes]], thresholds [score].
"""

import json
import sys
from fractions import Fraction

import numpy as np

RATES = [0.125, 0.25, 0.5, 1, 2, 4, 8]


def lies_on(marks, nodule):
    """Which marks are strictly within the nodule's radius."""
    diameter = nodule[4] if nodule[4] >= 0 else 10.0
    if len(marks) == 0:
        return np.zeros(0, bool)
    squared = ((marks[:, 1:4] - np.asarray(nodule[1:4])) ** 2).sum(axis=1)
    return (marks[:, 0] == nodule[0]) & (squared < (diameter / 2.0) ** 2)


def cut(marks, most):
    """Only marks strictly above the (most + 1)th score of their scan."""
    keep = np.ones(len(marks), bool)
    for scan in np.unique(marks[:, 0]) if len(marks) else []:
        mine = marks[:, 0] == scan
        if mine.sum() > most:
            limit = np.sort(marks[mine, 4])[::-1][most]
            keep &= ~mine | (marks[:, 4] > limit)
    return marks[keep]


def vectors(marks, nodules, excluded):
    """Truth, score and scan of each thing on the curve; the missed nodules apart."""
    free = np.ones(len(marks), bool)
    truth, score, missed = [], [], 0
    for nodule in nodules:
        on = lies_on(marks, nodule)
        free &= ~on
        if on.any():
            truth.append(1)
            score.append(marks[on, 4].max())
        else:
            missed += 1
    for finding in excluded:
        free &= ~lies_on(marks, finding)
    for mark in marks[free]:
        truth.append(0)
        score.append(mark[4])
    return np.array(truth, int), np.array(score, float), missed


def curve(marks, nodules, excluded, scans):
    """False marks per scan and sensitivity, from (0, 0)."""
    truth, score, missed = vectors(marks, nodules, excluded)
    detected, total = int(truth.sum()), int(truth.sum()) + missed
    candidates = len(truth)
    fps, sens = [0.0], [0.0]
    for limit in sorted(set(score), reverse=True):
        shown = score >= limit
        tpr = (shown & (truth == 1)).sum() / detected if detected else 0.0
        fpr = (shown & (truth == 0)).sum() / (candidates - detected) if candidates > detected else 0.0
        sens.append(tpr * detected / total if total else np.nan)
        fps.append(fpr * (candidates - detected) / scans)
    if total == 0:
        sens = [np.nan] * len(sens)
    return fps, sens


def at_rates(marks, nodules, excluded, scans):
    if len(nodules) == 0:
        return np.full(len(RATES), np.nan)
    return np.interp(RATES, *curve(marks, nodules, excluded, scans))


def resampled(marks, nodules, excluded, indexes):
    """The same tables with the scans of a resample, copies as scans of their own."""

    def take(rows):
        rows = np.asarray(rows, float)
        out = []
        for new, old in enumerate(indexes):
            for row in rows[rows[:, 0] == old] if len(rows) else []:
                out.append([new, *row[1:]])
        return np.array(out, float).reshape(len(out), rows.shape[1] if rows.ndim == 2 else 5)

    return take(marks), take(nodules), take(excluded)


def interval(values):
    values = sorted(v for v in values if not np.isnan(v))
    if not values:
        return [None, None]
    n = len(values)
    return [values[int(Fraction(25, 1000) * n)], values[int(Fraction(975, 1000) * n)]]


def number(v):
    return None if np.isnan(v) else float(v)


def performance(marks, nodules, excluded, scans, resamples):
    sens = at_rates(marks, nodules, excluded, scans)
    rows = []
    for indexes in resamples:
        rows.append(at_rates(*resampled(marks, nodules, excluded, indexes), len(indexes)))
    rows = np.array(rows, float).reshape(len(resamples), len(RATES))
    truth, _, missed = vectors(marks, nodules, excluded)
    return {
        "cpm": number(np.mean(sens)),
        "sensitivity": [number(s) for s in sens],
        "cpm_interval": interval([np.mean(r) for r in rows]),
        "intervals": [interval(rows[:, c]) for c in range(len(RATES))],
        "nodules": int(truth.sum()) + missed,
        "detected": int(truth.sum()),
        "false_marks": int((truth == 0).sum()),
        "scans": scans,
    }


def size_name(mm):
    if mm <= 0:
        return "unknown"
    for limit, name in [(4, "below 4 mm"), (6, "4 to 6 mm"), (8, "6 to 8 mm"), (10, "8 to 10 mm"), (15, "10 to 15 mm")]:
        if mm < limit:
            return name
    return "15 mm and more"


def coarse_name(mm):
    return size_name(mm) if mm < 8 else "8 mm and more"


def thickness_name(mm):
    if mm <= 0:
        return "unknown"
    for limit, name in [(1, "up to 1 mm"), (1.5, "1 to 1.5 mm"), (2, "1.5 to 2 mm"), (2.5, "2 to 2.5 mm")]:
        if mm <= limit:
            return name
    return "above 2.5 mm"


def strata(case, marks, nodules, excluded):
    out = {}
    known = [n for n in nodules if n[4] > 0]
    for by, name_of in (("diameter ", size_name), ("size ", coarse_name)):
        for name in {name_of(n[4]) for n in nodules} if known else set():
            inside = [n for n in nodules if name_of(n[4]) == name]
            keep = np.ones(len(marks), bool)
            for n in nodules:
                if name_of(n[4]) != name:
                    keep &= ~lies_on(marks, n)
            for n in inside:
                keep |= lies_on(marks, n)
            out[by + name] = performance(marks[keep], inside, excluded, case["scans"], case["resamples"])
    thickness = case["thickness"]
    for name in {thickness_name(t) for t in thickness} if any(thickness) else set():
        members = [i for i, t in enumerate(thickness) if thickness_name(t) == name]
        parts = resampled(marks, nodules, excluded, members)
        out["thickness " + name] = performance(*parts, len(members), [])
    return out


def diameter(marks, nodules):
    errors = []
    for nodule in nodules:
        on = marks[lies_on(marks, nodule)]
        if len(on) and nodule[4] > 0:
            size = on[on[:, 4].argmax(), 5]
            if size > 0:
                errors.append(size - nodule[4])
    errors = np.array(errors, float)
    return {
        "nodules": len(errors),
        "absolute": float(np.abs(errors).mean()) if len(errors) else None,
        "signed": float(errors.mean()) if len(errors) else None,
    }


def thresholds(case, marks, nodules, excluded):
    out = []
    for limit in case["thresholds"]:

        def count(marks, nodules, excluded, scans):
            truth, score, missed = vectors(marks, nodules, excluded)
            total = int(truth.sum()) + missed
            found = int(((score >= limit) & (truth == 1)).sum())
            wrong = int(((score >= limit) & (truth == 0)).sum())
            return found / total if total else np.nan, wrong / scans, found, wrong

        sens, per_scan, found, wrong = count(marks, nodules, excluded, case["scans"])
        rows = [count(*resampled(marks, nodules, excluded, r), len(r)) for r in case["resamples"]]
        out.append({
            "sensitivity": number(sens), "per_scan": per_scan, "detected": found, "false_marks": wrong,
            "interval": interval([r[0] for r in rows]), "per_scan_interval": interval([r[1] for r in rows]),
        })
    return out


def evaluate(case):
    marks = cut(np.array(case["marks"], float).reshape(-1, 6), case["most"])
    nodules, excluded = case["nodules"], case["excluded"]
    return {
        "with": performance(marks, nodules, excluded, case["scans"], case["resamples"]),
        "without": performance(marks, nodules, [], case["scans"], case["resamples"]),
        "strata": strata(case, marks, nodules, excluded),
        "diameter": diameter(marks, nodules),
        "thresholds": thresholds(case, marks, nodules, excluded),
    }


if __name__ == "__main__":
    json.dump([evaluate(case) for case in json.load(sys.stdin)], sys.stdout)
