"""Prepared scans (written by `nafas model prepare`), and their labels."""
import csv
import glob
import json
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


class Scan:
    """One prepared scan: isotropic HU in LPS order (z, y, x), its ROI, its labels."""

    def __init__(self, folder, uid, meta):
        self.uid = uid
        self.size = tuple(meta["size"][::-1])
        self.spacing = float(meta["spacingMm"][0])
        self.origin = np.array(meta["originLpsMm"][::-1], np.float64)
        self.meta = meta
        base = os.path.join(folder, uid)
        self.hu = np.fromfile(base + ".hu.i16", "<i2").reshape(self.size)
        self.roi = np.fromfile(base + ".roi.u8", np.uint8).reshape(self.size)
        self.case, self.fold, self.labels = uid, 0, []

    def to_voxel(self, lps):
        return (np.asarray(lps[::-1], np.float64) - self.origin) / self.spacing

    def to_lps(self, zyx):
        return (np.asarray(zyx) * self.spacing + self.origin)[::-1]

    def lesions(self, *judgements):
        """(n, 4): z, y, x in voxels and diameter in mm."""
        rows = [(*self.to_voxel(l["lps"]), l["diameter"]) for l in self.labels
                if l["judgement"] in judgements]
        return np.array(rows, np.float64).reshape(-1, 4)


def listing():
    with open(os.path.join(HERE, "data.csv"), newline="") as f:
        return {row["seriesuid"]: row for row in csv.DictReader(f)}


def labels(path=os.path.join(HERE, "labels.csv")):
    out = {}
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            out.setdefault(row["seriesuid"], []).append({
                "lps": tuple(float(row["coord" + a]) for a in "XYZ"),
                "diameter": float(row["diameter_mm"]),
                "judgement": row["judgement"], "source": row["source"]})
    return out


def prepared(folder):
    """The header of every scan prepared in a folder, in UID order."""
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path) as f:
            meta = json.load(f)
        yield meta["seriesInstanceUid"], meta


def load(folder):
    """The scans of a prepared folder that data.csv lists."""
    known, marks, scans = listing(), labels(), []
    for uid, meta in prepared(folder):
        if uid in known:
            scan = Scan(folder, uid, meta)
            scan.case, scan.fold = known[uid]["case"], int(known[uid]["fold"])
            scan.collection = known[uid]["collection"]
            scan.annotated = known[uid]["annotated"] == "yes"
            scan.labels = marks.get(uid, [])
            scans.append(scan)
    return scans


def phantoms(folder):
    """Prepared phantoms and the truth beside them, labels.csv."""
    marks, scans = labels(os.path.join(folder, "labels.csv")), []
    for uid, meta in prepared(folder):
        scan = Scan(folder, uid, meta)
        scan.case, scan.collection, scan.annotated = "phantom " + uid.split(".")[-1], "phantom", True
        scan.labels = marks.get(uid, [])
        scans.append(scan)
    return scans
