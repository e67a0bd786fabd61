"""The published RetinaNet detector, step by step, as a reference: a CT volume
and the weights that retinanet.py drew, to boxes. It shares the network with
that script and nothing with the Go code.

    python3 models/train/retinanet_reference.py --net DIR --dicom SERIES --out boxes.json

Steps, after MONAI's bundle (d388d1c): HU; nearest RAS axes; 0.703125 x 0.703125
x 1.25 mm, trilinear, first voxel kept; [-1024, 300] to [0, 1]; padding at the
end to multiples of (16, 16, 8); whole, or sliding windows; anchors; decoding;
sigmoid; top 1000 a level; clipping; suppression; world coordinates.

A decision that hangs on less than 1e-4 in score or overlap (or 0.01 voxel of a
side) may fall otherwise elsewhere. "boxes" are those that are kept whatever
such ties do, "doubtful" those that are kept or not as they fall.
"""
import argparse
import glob
import json
import os

import numpy as np
import scipy.ndimage
import torch

import retinanet

SPACING = (0.703125, 0.703125, 1.25)
DIVISIBLE = np.array([16, 16, 8])
BASE = np.array([[6, 8, 4], [8, 6, 5], [10, 10, 6]], dtype=np.float32)
LEVELS = 3
SCORE, TOP, IOU, MOST = 0.02, 1000, 0.22, 300
LOG_CLAMP = np.log(1000.0 / 16)
TIE, TIE_SIDE = 1e-4, 0.01


def read_raw(path):
    """A volume as HU [i, j, k] and its affine to RAS mm."""
    with open(path) as f:
        head = json.load(f)
    hu = np.fromfile(path[:-len(".json")] + ".i16", dtype="<i2").reshape(head["size"], order="F")
    affine = np.eye(4)
    affine[:3, :3] = np.array(head["axes"]).T * np.array(head["spacingMm"])
    affine[:3, 3] = head["originLpsMm"]
    return hu.astype(np.float64), np.diag([-1, -1, 1, 1]) @ affine


def read_dicom(folder):
    """The same of a folder with one axial, sagittal or coronal series."""
    import pydicom
    slices = []
    for path in glob.glob(os.path.join(folder, "*.dcm")):
        d = pydicom.dcmread(path)
        if d.get("Modality") == "CT" and "PixelData" in d:
            slices.append(d)
    row, column = np.array(slices[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
    normal = np.cross(row, column)
    place = [float(np.dot(normal, np.array(d.ImagePositionPatient, dtype=float))) for d in slices]
    order = np.argsort(place)
    slices = [slices[n] for n in order]
    hu = np.stack([d.pixel_array.T * float(d.RescaleSlope) + float(d.RescaleIntercept) for d in slices], axis=2)
    rows, columns = [float(s) for s in slices[0].PixelSpacing]
    first, last = [np.array(d.ImagePositionPatient, dtype=float) for d in (slices[0], slices[-1])]
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * columns, column * rows
    affine[:3, 2] = (last - first) / (len(slices) - 1)
    affine[:3, 3] = first
    return hu, np.diag([-1, -1, 1, 1]) @ affine


def to_ras(hu, affine):
    """Turns axes so that each grows to the patient's Right, Anterior, Superior."""
    rotation = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    axis_of, left = {}, [0, 1, 2]
    for a in range(3):
        world = max(left, key=lambda w: abs(rotation[w, a]))
        left.remove(world)
        axis_of[world] = a
    order = [axis_of[w] for w in range(3)]
    hu, turn = np.transpose(hu, order), np.zeros((4, 4))
    for n, a in enumerate(order):
        turn[a, n] = 1
    turn[3, 3] = 1
    affine = affine @ turn
    for n in range(3):
        if affine[n, n] < 0:
            hu = np.flip(hu, n)
            flip = np.eye(4)
            flip[n, n], flip[n, 3] = -1, hu.shape[n] - 1
            affine = affine @ flip
    return hu, affine


def resample(hu, affine, wanted):
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    size = [int(n) for n in np.round((np.array(hu.shape) - 1) * spacing / wanted + 1)]
    out = scipy.ndimage.affine_transform(hu, np.diag(wanted / spacing), output_shape=size, order=1, mode="nearest")
    affine = affine.copy()
    affine[:3, :3] *= wanted / spacing
    return out, affine


def prepare(hu, affine, wanted):
    hu, affine = to_ras(hu, affine)
    hu, affine = resample(hu, affine, wanted)
    return ((np.clip(hu, -1024, 300) + 1024) / 1324).astype(np.float32), affine


def starts(size, roi, overlap):
    step = roi if roi == size else int(roi * (1 - overlap))
    count = int(np.ceil((size - roi) / step)) + 1
    return [min(n * step, size - roi) for n in range(count)]


def importance(roi, mode):
    if mode == "constant":
        return np.ones(roi, dtype=np.float32)
    w = np.ones((1, 1, 1))
    for n, side in enumerate(roi):
        x = np.arange(side) - (side - 1) / 2.0
        shape = [1, 1, 1]
        shape[n] = side
        w = w * np.exp(-x ** 2 / (2 * (0.125 * side) ** 2)).reshape(shape)
    return np.maximum(w, max(w.min(), 1e-3)).astype(np.float32)


def run(net, image):
    with torch.no_grad():
        return [o[0].numpy() for o in net(torch.from_numpy(np.ascontiguousarray(image))[None, None])]


def sliding(net, image, roi, overlap, mode):
    """Raw outputs, averaged over windows, for an image padded to multiples."""
    inside = np.array(image.shape)
    roi = np.array(roi)
    missing = np.maximum(roi - inside, 0)
    before = missing // 2
    image = np.pad(image, [(b, m - b) for b, m in zip(before, missing)])
    total, count = None, None
    weight = importance(roi, mode)
    for x in starts(image.shape[0], roi[0], overlap):
        for y in starts(image.shape[1], roi[1], overlap):
            for z in starts(image.shape[2], roi[2], overlap):
                out = run(net, image[x:x + roi[0], y:y + roi[1], z:z + roi[2]])
                scale = [np.array(o.shape[1:]) / roi for o in out]
                if total is None:
                    sizes = [(np.array(image.shape) * s).astype(int) for s in scale]
                    total = [np.zeros([o.shape[0]] + list(n), dtype=np.float32) for o, n in zip(out, sizes)]
                    count = [np.zeros(n, dtype=np.float32) for n in sizes]
                for o, s, t, c in zip(out, scale, total, count):
                    near = [np.floor(np.arange(n) / f).astype(int) for n, f in zip(o.shape[1:], s)]
                    w = weight[np.ix_(*near)]
                    box = tuple(slice(int(a * f), int((a + r) * f)) for a, r, f in zip((x, y, z), roi, s))
                    t[(slice(None),) + box] += w * o
                    c[box] += w
    cut = []
    for t, c in zip(total, count):
        scale = np.array(t.shape[1:]) / roi
        box = tuple(slice(int(round(b * s)), int(round((b + n) * s))) for b, n, s in zip(before, inside, scale))
        cut.append((t / c)[(slice(None),) + box])
    return cut


def predict(net, image, a):
    padding = -np.array(image.shape) % DIVISIBLE
    padded = np.pad(image, [(0, p) for p in padding])
    if image.size < a.whole_below:
        return run(net, padded), padded.shape
    return sliding(net, padded, a.roi, a.overlap, a.mode), padded.shape


def decode(logits, codes, level, padded):
    """Boxes (n, 6) as two corners, not clipped, and their scores, x slowest and
    anchors fastest."""
    anchors = len(BASE)
    half = np.round(BASE * 2 ** level / 2)  # NumPy rounds half to even
    cells = logits.shape[1:]
    stride = [p // c for p, c in zip(padded, cells)]
    centre = np.stack(np.meshgrid(*[np.arange(c) * s for c, s in zip(cells, stride)], indexing="ij"), -1)
    centre = np.repeat(centre.reshape(-1, 1, 3), anchors, 1).reshape(-1, 3).astype(np.float64)
    side = np.tile(2 * half, (int(np.prod(cells)), 1)).astype(np.float64)
    score = np.moveaxis(logits, 0, -1).reshape(-1).astype(np.float64)
    code = np.moveaxis(codes, 0, -1).reshape(-1, 6).astype(np.float64)
    middle = code[:, :3] * side + centre
    size = np.exp(np.minimum(code[:, 3:], LOG_CLAMP)) * side
    return np.hstack([middle - size / 2, middle + size / 2]), 1 / (1 + np.exp(-score))


def select(boxes, scores, inside):
    """The best of a level, clipped; and which of them hang on a tie. What lies
    just below a bound is doubtful too."""
    bound = SCORE
    above = scores > SCORE
    if above.sum() > TOP:
        bound = np.sort(scores[above])[-TOP]
    kept = scores > bound - TIE
    boxes, scores = boxes[kept], scores[kept]
    limit = np.tile(inside, 2).astype(float)
    boxes = np.clip(boxes, 0, limit)
    short = (boxes[:, 3:] - boxes[:, :3]).min(1)
    doubtful = (scores <= bound + TIE) | (np.abs(short - 1) < TIE_SIDE)
    good = short >= 1 - TIE_SIDE
    return boxes[good], scores[good], doubtful[good]


def overlaps(a, b):
    both = np.prod(np.maximum(np.minimum(a[:, None, 3:], b[None, :, 3:]) -
                              np.maximum(a[:, None, :3], b[None, :, :3]), 0), 2)
    volume = [np.prod(x[:, 3:] - x[:, :3], 1) for x in (a, b)]
    return both / (volume[0][:, None] + volume[1][None] - both + np.finfo(np.float32).eps)


def suppress(boxes, scores, doubtful):
    """Kept and doubtful, as numbers of boxes. A box is gone where one that is
    surely kept is surely better and surely overlaps; it is doubtful where one
    that is not surely gone may do so."""
    order = np.argsort(-scores, kind="stable")
    state = np.array(["open"] * len(scores), dtype=object)
    for n in order:
        iou = overlaps(boxes[n:n + 1], boxes)[0]
        rival = (iou > IOU - TIE) & (scores > scores[n] - TIE) & (state != "gone")
        rival[n] = False
        sure = rival & (state == "kept") & (iou > IOU + TIE) & (scores > scores[n] + TIE)
        if sure.any():
            state[n] = "gone"
        elif rival.any() or doubtful[n]:
            state[n] = "doubtful"
        else:
            state[n] = "kept"
    kept = [n for n in order if state[n] == "kept"]
    unsure = [n for n in order if state[n] == "doubtful"]
    if len(kept) + len(unsure) > MOST:
        raise SystemExit("%d boxes: too many for ties at the maximum to be told" % (len(kept) + len(unsure)))
    return kept, unsure


def world(boxes, affine):
    """Centre in LPS mm and sides in mm, by both corners."""
    corners = [boxes[:, :3] @ affine[:3, :3].T + affine[:3, 3], boxes[:, 3:] @ affine[:3, :3].T + affine[:3, 3]]
    low, high = np.minimum(*corners), np.maximum(*corners)
    return (low + high) / 2 * [-1, -1, 1], high - low


def detect(net, hu, affine, a):
    image, affine = prepare(hu, affine, np.array(a.spacing))
    out, padded = predict(net, image, a)
    parts = []
    for level in range(LEVELS):
        boxes, scores = decode(out[level], out[level + LEVELS], level, padded)
        boxes, scores, doubtful = select(boxes, scores, image.shape)
        parts.append((boxes, scores, doubtful, np.full(len(scores), level)))
    boxes, scores, doubtful, level = [np.concatenate(column) for column in zip(*parts)]
    kept, unsure = suppress(boxes, scores, doubtful)
    centre, sides = world(boxes, affine)

    def rows(numbers):
        return [{"box": boxes[n].tolist(), "score": float(scores[n]), "level": int(level[n]),
                 "centreLpsMm": centre[n].tolist(), "sidesMm": sides[n].tolist()} for n in numbers]

    return {"size": list(image.shape), "candidates": len(scores), "boxes": rows(kept), "doubtful": rows(unsure)}


def load(folder):
    weights = torch.load(os.path.join(folder, "network.pt"))
    net = retinanet.RetinaNet(weights["stem.0.weight"].shape[0]).eval()
    net.load_state_dict(weights)
    return net


def main():
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--net", required=True, help="folder that retinanet.py wrote")
    source = flags.add_mutually_exclusive_group(required=True)
    source.add_argument("--dicom", help="folder with one series")
    source.add_argument("--raw", help="header (.json) of a volume; voxels beside it (.i16)")
    flags.add_argument("--out", required=True)
    flags.add_argument("--spacing", type=float, nargs=3, default=list(SPACING))
    flags.add_argument("--roi", type=int, nargs=3, default=[512, 512, 192])
    flags.add_argument("--overlap", type=float, default=0.25)
    flags.add_argument("--mode", choices=["constant", "gaussian"], default="constant")
    flags.add_argument("--whole-below", type=int, default=512 * 512 * 192)
    a = flags.parse_args()
    hu, affine = read_dicom(a.dicom) if a.dicom else read_raw(a.raw)
    with open(a.out, "w") as f:
        json.dump(detect(load(a.net), hu, affine, a), f)


if __name__ == "__main__":
    main()
