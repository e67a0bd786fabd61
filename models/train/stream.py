"""Patches from the Go generator (`nafas model patches`) and their replay.

Frames, little endian: "NFP1" | int32 n | int32 targets | int16[n^3] HU |
uint8[n^3] weight | targets x float32[6] (z, y, x, diameter mm, kind, origin). Patch i of a seed is
always the same, so a stream can be taken up at any index.
"""
import struct
import subprocess

import numpy as np


class Patches:
    """Reads frames of a generator process, strictly in order."""

    def __init__(self, command):
        self.command = command
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 22)

    def _read(self, count):
        data = self.process.stdout.read(count)
        if len(data) != count:
            self.process.kill()
            raise RuntimeError("the patch generator ended: %s (exit %s)"
                               % (" ".join(self.command), self.process.wait()))
        return data

    def next(self):
        magic, n, count = struct.unpack("<4sii", self._read(12))
        if magic != b"NFP1" or not 0 < n <= 512 or not 0 <= count <= 10000:
            raise RuntimeError("not a patch frame")
        hu = np.frombuffer(self._read(2 * n ** 3), "<i2").reshape(n, n, n)
        weight = np.frombuffer(self._read(n ** 3), np.uint8).reshape(n, n, n)
        targets = np.frombuffer(self._read(24 * count), "<f4").reshape(count, 6)
        return hu, weight, targets.copy()

    def close(self):
        self.process.kill()
        self.process.wait()


class Replay:
    """Batches of some new patches and, where these are dear, some seen before.

    Patches are counted, not timed, so a run does not depend on who was faster.
    """

    def __init__(self, patches, size, rng):
        self.patches, self.size, self.rng = patches, size, rng
        self.kept, self.at = [], 0

    def batch(self, count, fresh):
        new = [self.patches.next() for _ in range(min(fresh, count) if self.kept else count)]
        old = [self.kept[self.rng.integers(len(self.kept))] for _ in range(count - len(new))]
        for patch in new if fresh < count else []:
            if len(self.kept) < self.size:
                self.kept.append(patch)
            else:
                self.kept[self.at] = patch
                self.at = (self.at + 1) % self.size
        return new + old
