"""Reads a binary segmentation with pydicom and prints it as JSON; the bits are
unpacked here, and compared with what pydicom makes of them.

    python3 read_seg.py FILE
"""
import json
import sys

import numpy
import pydicom

seg = pydicom.dcmread(sys.argv[1])
area = seg.Rows * seg.Columns
bits = [byte >> k & 1 for byte in seg.PixelData for k in range(8)]
decoded = seg.pixel_array.reshape(int(seg.NumberOfFrames), area)
frames = []
for n, group in enumerate(seg.PerFrameFunctionalGroupsSequence):
    voxels = [at for at in range(area) if bits[n * area + at]]
    assert voxels == numpy.flatnonzero(decoded[n]).tolist()
    source = group.DerivationImageSequence[0].SourceImageSequence[0]
    frames.append({
        "segment": group.SegmentIdentificationSequence[0].ReferencedSegmentNumber,
        "position": [float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient],
        "source": source.ReferencedSOPInstanceUID,
        "frame": int(source.get("ReferencedFrameNumber", 0)),
        "voxels": voxels,
    })
segments = [{"id": s.TrackingID, "uid": s.TrackingUID} for s in seg.SegmentSequence]
print(json.dumps({"segments": segments, "frames": frames}))
