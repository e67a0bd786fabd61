"""The model's folder: ONNX, self-test, model.yaml (models/manifest) and card.md."""
import datetime
import hashlib
import os

import numpy as np
import yaml

import evaluate
import export
import network

VERSION = "0.1.0"
LICENSE = "Apache-2.0"
USE = ("Research only: orders a reading list and points at places to look at in adult chest CT. "
       "Not for diagnosis, not for excluding nodules, no medical device.")
DATA = {
    "LIDC-IDRI": ("CC-BY-3.0", "Armato SG et al. The Lung Image Database Consortium (LIDC) and Image "
                  "Database Resource Initiative (IDRI). Medical Physics 38, 2011. The Cancer Imaging "
                  "Archive. Places after LUNA16 (CC BY 4.0)."),
    "QIN LUNG CT": ("CC-BY-3.0", "Kalpathy-Cramer J et al. A comparison of lung nodule segmentation "
                    "algorithms. Journal of Digital Imaging 29, 2016. The Cancer Imaging Archive."),
    "CPTAC-LSCC": ("CC BY", "National Cancer Institute Clinical Proteomic Tumor Analysis "
                   "Consortium (CPTAC). Lung Squamous Cell Carcinoma collection. The Cancer Imaging "
                   "Archive."),
}


def write(out, recipe, net, scans, tests, phantoms, lesions, false, points, simulated, log=print):
    """scans and tests (phantoms of other seeds) were evaluated; phantoms is how many were trained on."""
    os.makedirs(out, exist_ok=True)
    net = net.cpu().eval()
    name = recipe["model"] + ".onnx"
    sha = export.onnx(net, os.path.join(out, name))
    arrays = export.self_test(net, recipe["hu_window"], out)
    points = {k: round(max(v, recipe["decode"]["min_score"]), 4) for k, v in points.items()}
    strata = evaluate.strata(simulated, [points[1], points[4]])
    results = measured(scans + tests, lesions, false, points, strata)
    model = {
        "schema": 1, "name": recipe["model"], "version": VERSION, "license": LICENSE,
        "intended_use": USE, "training_data": datasets(scans, phantoms), "results": results,
        "file": {"name": name, "sha256": sha},
        "input": model_input(recipe), "head": model_head(recipe),
        "merge": {"least_mm": recipe["decode"]["merge_mm"],
                  "radius": recipe["decode"]["merge_radius"],
                  "most": recipe["decode"]["max_candidates"]},
        "operating_points": {"quarter": points[0.25], "one": points[1], "four": points[4]},
        "self_test": {"input": values(out, "image", arrays),
                      "outputs": [values(out, "heat", arrays), values(out, "shape", arrays)],
                      "tolerance": 0.001},
    }
    with open(os.path.join(out, "model.yaml"), "w") as f:
        f.write("# Written by models/train/run.py; see card.md.\n")
        yaml.safe_dump(model, f, sort_keys=False, width=100, allow_unicode=True)
    with open(os.path.join(out, "card.md"), "w") as f:
        f.write(text(recipe, net, model, scans + tests, lesions, false, points, strata))
    log("wrote %s: %s" % (out, {k: round(v, 4) for k, v in points.items()}))


def model_input(recipe):
    n = recipe["inference"]
    return {"name": "image", "axes": "zyx", "orientation": "LPS",
            "spacing_mm": [recipe["spacing_mm"]] * 3,
            "window_hu": recipe["hu_window"], "window_to": [-1, 1], "padding": -1,
            "multiple": [16, 16, 16], "margin_mm": n["margin_mm"], "tile": n["tile"],
            "overlap": n["overlap"], "halo": n["halo"]}


def model_head(recipe):
    return {"kind": "heatmap", "min_score": recipe["decode"]["min_score"],
            "heatmap": {"heat": "heat", "shape": "shape", "stride": [2, 2, 2],
                        "log_diameter": 0, "offset": [3, 2, 1]}}


def values(out, name, arrays):
    file = "selftest_%s.f32" % name
    with open(os.path.join(out, file), "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    return {"name": name, "shape": list(arrays[name].shape), "file": {"name": file, "sha256": sha}}


def datasets(scans, phantoms):
    rows = []
    for name in DATA:
        used = [s for s in scans if s.collection == name and s.use == "train"]
        if used:
            rows.append({"name": name, "license": DATA[name][0], "scans": len(used),
                         "citation": DATA[name][1], "note": ", ".join(s.case for s in used)})
    rows.append({"name": "simulated nodules", "license": LICENSE, "scans": 0, "citation": "",
                 "note": "implanted in the scans above by inference/phantom"})
    if phantoms:
        rows.append({"name": "phantoms", "license": LICENSE, "scans": phantoms, "citation": "",
                     "note": "drawn by inference/phantom"})
    return rows


def measured(scans, lesions, false, points, strata):
    rows = []
    for use, data in (("holdout", "real lesions of held-out scans, never trained on"),
                      ("train", "real lesions of training scans, in-sample"),
                      ("phantom", "phantoms of other seeds, nodules of 6 mm and more")):
        here = [l for l in lesions if l["use"] == use and (use != "phantom" or l["diameter"] >= 6)]
        hits = sum(l["score"] >= points[1] for l in here)
        if here:
            rows.append({"data": data, "metric": "sensitivity at the 1-false-mark point",
                         "value": round(hits / len(here), 3), "note": "%d of %d" % (hits, len(here))})
        # Marks of a scan that nobody annotated cannot be called false.
        counted = [s.case for s in scans if s.use == use and s.annotated]
        if counted:
            marks = [sum(false[c] >= points[1]) for c in counted]
            rows.append({"data": data, "metric": "false marks per scan at the 1-false-mark point",
                         "value": round(float(np.mean(marks)), 3),
                         "note": "%d in %d scans" % (sum(marks), len(marks))})
    for low, high, n, (one, four) in strata:
        if n:
            rows.append({"data": "simulated nodules of %g-%g mm in held-out lungs" % (low, int(high)),
                         "metric": "share scored at or above the 1-false-mark point",
                         "value": round(one / n, 3), "note": "%d of %d; %d at the 4-false-mark point"
                         % (one, n, four)})
    return rows


def text(recipe, net, model, scans, lesions, false, points, strata):
    parameters, flops = network.cost(net)
    box = flops * 240 * 176 * 240 / 1e9
    lines = ["# %s %s" % (model["name"], model["version"]), "", USE, "",
             "Candidate detector for pulmonary nodules and masses: one fully convolutional 3D network, "
             "%.2f M parameters, %.1f kFLOP per voxel (%.0f GFLOP for 240x176x240 voxels of %g mm). "
             "Trained by `models/train` (%d iterations of %d patches of %d^3, seed %d); written %s."
             % (parameters / 1e6, flops / 1e3, box, recipe["spacing_mm"], recipe["train"]["iterations"],
                recipe["train"]["batch"], recipe["patch"], recipe["seed"], datetime.date.today()),
             "", "## Data", "", "| source | licence | scans | what |", "|---|---|---|---|"]
    for d in model["training_data"]:
        lines.append("| %s | %s | %s | %s |" % (d["name"], d["license"], d["scans"] or "", d["note"]))
    lines += [""] + ["- " + d["citation"] for d in model["training_data"] if d["citation"]]
    lines += ["", "Weights: %s. The scans themselves are not part of this project." % LICENSE, "",
              "## Results, lesion by lesion", "",
              "Rank is the place of the lesion's best mark among all marks of its scan. Only held-out "
              "scans were never seen by the training; figures of the others are in-sample and say "
              "nothing about new patients.", "",
              "| scan | use | diameter mm | rank | score | distance mm | diameter found mm |",
              "|---|---|---|---|---|---|---|"]
    for l in lesions:
        if l["use"] == "phantom":
            continue
        lines.append("| %s | %s | %.1f | %s |" % (l["case"], l["use"], l["diameter"],
                     "%d | %.3f | %.1f | %.1f" % (l["rank"], l["score"], l["distance"], l["found"])
                     if l["rank"] else "missed | | |"))
    made = [l for l in lesions if l["use"] == "phantom" and l["diameter"] >= 6]
    if made:
        lines += ["", "Phantoms of other seeds than the training's, nodules of 6 mm and more: %d of %d at "
                  "the 1-false-mark point." % (sum(l["score"] >= points[1] for l in made), len(made))]
    lines += ["", "False marks at or above the operating points (quarter %.4f, one %.4f, four %.4f):"
              % (points[0.25], points[1], points[4]), "",
              "| scan | use | quarter | one | four |", "|---|---|---|---|---|"]
    for s in scans:
        f = false[s.case]
        counts = " | ".join(str(int((f >= points[k]).sum())) for k in (0.25, 1, 4))
        lines.append("| %s | %s | %s |" % (s.case, s.use if s.annotated else s.use + ", not annotated",
                                           counts))
    lines += ["", "The operating points come from the false marks of all annotated scans above, phantoms "
              "apart (a line through log rate over the score's logit). Most of these scans were trained "
              "on, so an unseen one may well have more false marks; a phantom holds 15 made mimics, "
              "which count as false.",
              "", "Simulated nodules in held-out lungs (best score within the nodule's radius):", "",
              "| diameter mm | nodules | at 1 false mark | at 4 |", "|---|---|---|---|"]
    for low, high, n, (one, four) in strata:
        lines.append("| %g-%g | %d | %d | %d |" % (low, int(high), n, one, four))
    lines += ["", "## Limits", "",
              "- Few patients, scanners (GE, Siemens) and slice thicknesses (1.25 to 3 mm); adults; no "
              "screening population. What it does elsewhere is not known.",
              "- Small, ground-glass and juxta-pleural nodules are found least. No mark does not mean "
              "no nodule. Large tumours (above 30 mm) can score below small false marks.",
              "- Reference positions of the large tumours are segmentation centroids; some training "
              "labels are one person's judgement (`models/train/labels.csv`, source audit).",
              "- The held-out scans take part in setting the operating points, so false marks on them are "
              "not an independent figure.", ""]
    return "\n".join(lines)
