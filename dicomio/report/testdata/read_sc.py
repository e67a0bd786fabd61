"""Decodes the frames of a multi-frame secondary capture with pydicom and prints
their shape and the SHA-256 of each as JSON.

    python3 read_sc.py FILE
"""
import hashlib
import json
import sys

import pydicom

pixels = pydicom.dcmread(sys.argv[1]).pixel_array
print(json.dumps({"shape": pixels.shape, "frames": [hashlib.sha256(f.tobytes()).hexdigest() for f in pixels]}))
