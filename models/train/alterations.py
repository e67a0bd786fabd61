"""The section of docs/accuracy.md on altered scans, from the kept tables: see measure.py."""
import collections
import os

import tables

STRATA = ("all", "< 6 mm", "6-8 mm", ">= 8 mm")
# Counts of `nafas model robustness` that add up over scans.
COUNTS = ("read", "refused", "flagged", "still_listed", "still_flagged", "same_rank", "outside", "new_flagged",
          "lesions_flagged_before", "lesions_flagged_after", "lesions_flagged_both", "lesions_outside")


def path(out, name):
    return os.path.join(out, "robustness-%s.csv" % name)


def summed(runs):
    """{alteration: {stratum: counts}} over the tables of several runs, in their order."""
    sums = {}
    for rows in runs:
        for row in rows:
            here = sums.setdefault(row["alteration"], {}).setdefault(row["stratum"], collections.Counter())
            here.update({c: int(row[c]) for c in COUNTS})
            here["shift_mm"] += float(row["mean_shift_mm"]) * int(row["still_listed"])
    return sums


def row(alteration, strata):
    all_sizes = strata["all"]
    listed = all_sizes["still_listed"]
    return ([alteration, "%d of %d" % (all_sizes["read"], all_sizes["read"] + all_sizes["refused"])]
            + ["%d of %d" % (strata[s]["still_flagged"], strata[s]["flagged"]) for s in STRATA]
            + ["%d of %d" % (listed, all_sizes["flagged"]), " / ".join(str(strata[s]["same_rank"]) for s in STRATA),
               "%.1f" % (all_sizes["shift_mm"] / listed) if listed else "-", all_sizes["new_flagged"],
               "%d, %d, %d" % tuple(all_sizes["lesions_flagged_" + w] for w in ("before", "after", "both"))])


def section(out, names):
    names = [n for n in names if os.path.exists(path(out, n))]
    if not names:
        return []
    sums = summed(tables.read(path(out, n)) for n in names)
    head = ["alteration", "read"] + ["still flagged, %s" % ("all" if s == "all" else s) for s in STRATA]
    head += ["still listed", "same rank, all / < 6 / 6-8 / >= 8 mm", "moved mm", "new flagged", "lesions flagged before, after, both"]
    return ["## Altered scans", "", TEXT % ", ".join(names), ""] + tables.markdown(head, [row(a, s) for a, s in sums.items()])


TEXT = ("The scans of %s, each by the model that never saw it, altered as [robustness.md](robustness.md) says: how many "
        "flagged findings (true or false) are flagged again at the same place, by their diameter; how many are at least "
        "listed, of these how many at the same rank, by diameter too; and how many of the reference lesions, LIDC-IDRI-0002's one "
        "included, are flagged, at the operating points of a published model (above).")
