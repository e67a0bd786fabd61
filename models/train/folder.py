"""The model's folder: ONNX files, self-tests and model.yaml (models/manifest)."""
import hashlib
import os

import torch
import yaml

import export
import network

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
TOLERANCE = 0.001


def write(out, recipe, net, points, scans, phantoms, log=print):
    """Exports the network and describes it.

    points: score thresholds by false marks a scan; scans: those trained on; phantoms:
    how many of them.
    """
    os.makedirs(out, exist_ok=True)
    net = net.cpu().eval()
    name = recipe["model"]
    floor = recipe["decode"]["min_score"]
    model = {
        "schema": 1, "name": name, "version": recipe["version"], "license": LICENSE,
        "intended_use": USE, "training_data": datasets(scans, phantoms), "results": [],
        "file": file(out, name + ".onnx", export.network(net, os.path.join(out, name + ".onnx"))),
        "input": model_input(recipe), "head": model_head(recipe),
        "merge": {"least_mm": recipe["decode"]["merge_mm"],
                  "radius": recipe["decode"]["merge_radius"],
                  "most": recipe["decode"]["max_candidates"]},
        "operating_points": {k: round(max(points[r], floor), 4)
                             for k, r in (("quarter", 0.25), ("one", 1), ("four", 4))},
        "self_test": self_test(out, "selftest_", export.self_test(net, recipe["hu_window"])),
        "mirrors": model_mirrors(recipe),
    }
    save(out, model)
    log("wrote %s: %s" % (out, model["operating_points"]))


# What run a folder is of: publish.py takes no other than the whole one of its
# recipe.
TRAINING = "training.yaml"


def write_training(out, recipe, schedule, fold, precision, scans, phantoms):
    """scans: those trained on; phantoms: how many of them."""
    parameters, flop = network.cost(network.build(recipe))
    run = {"version": recipe["version"], "schedule": schedule, "fold": fold, "seed": recipe["seed"],
           "iterations": recipe["train"]["iterations"], "multiplied_in": str(precision).split(".")[-1],
           "pytorch": str(torch.__version__), "scans": [s.case for s in scans], "phantoms": phantoms,
           "parameters": parameters, "flop_per_voxel": round(flop)}
    with open(os.path.join(out, TRAINING), "w") as f:
        yaml.safe_dump(run, f, sort_keys=False)


def read_training(model):
    path = os.path.join(model, TRAINING)
    if not os.path.exists(path):
        raise SystemExit("%s is not there: the folder was not written by run.py of this recipe" % path)
    with open(path) as f:
        return yaml.safe_load(f)


def read(model):
    with open(os.path.join(model, "model.yaml")) as f:
        return yaml.safe_load(f)


def save(out, model):
    with open(os.path.join(out, "model.yaml"), "w") as f:
        f.write("# Written by models/train; see card.md.\n")
        yaml.safe_dump(model, f, sort_keys=False, width=100, allow_unicode=True)


def file(out, name, _=None):
    with open(os.path.join(out, name), "rb") as f:
        return {"name": name, "sha256": hashlib.sha256(f.read()).hexdigest()}


def self_test(out, prefix, tensors):
    """Writes the tensors of a self-test; the first of them is the input."""
    rows = []
    for name, values in tensors.items():
        values.astype("<f4").tofile(os.path.join(out, prefix + name + ".f32"))
        rows.append({"name": name, "shape": list(values.shape), "file": file(out, prefix + name + ".f32")})
    return {"input": rows[0], "outputs": rows[1:], "tolerance": TOLERANCE}


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


def model_mirrors(recipe):
    n = recipe["mirrors"]
    return {"axes": n["axes"], "size": [n["size"]] * 3, "most": n["most"]}


def datasets(scans, phantoms):
    rows = []
    for name, (licence, citation) in DATA.items():
        used = [s for s in scans if s.collection == name]
        if used:
            rows.append({"name": name, "license": licence, "scans": len(used), "citation": citation,
                         "note": ", ".join(s.case for s in used)})
    rows.append({"name": "simulated nodules", "license": LICENSE, "scans": 0, "citation": "",
                 "note": "implanted in the scans above by inference/phantom"})
    if phantoms:
        rows.append({"name": "phantoms", "license": LICENSE, "scans": phantoms, "citation": "",
                     "note": "drawn by inference/phantom"})
    return rows
