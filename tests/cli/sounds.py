# SPDX-License-Identifier: GPL-2.0-or-later
"""Sound files and a TAP printer for the tests of the command."""

import math
import os
import random
import struct
import subprocess
import sys

RATE = 16000
DATA = os.environ["SALIENCY_TEST_DATA"]
MODEL = f"{DATA}/tiny.safetensors"
TREE = os.environ["SALIENCY_TEST_TREE"]
SHIPPED_MODEL = f"{TREE}/models/resnet34se.safetensors"
VOICES = f"{TREE}/examples/voices"


def voice(seconds, pitch=120.0, gain=0.1):
    """Something with harmonics and pauses, as a list of floats."""
    noise = random.Random(3)
    out = []
    for i in range(int(seconds * RATE)):
        t = i / RATE
        phase = 2 * math.pi * (pitch * t + 3 * math.sin(2 * math.pi * 1.3 * t))
        tone = sum(math.sin(k * phase) / k for k in range(1, 12))
        loudness = 0.5 + 0.5 * math.sin(2 * math.pi * 3.1 * t)
        out.append(gain * loudness * tone + 0.002 * noise.gauss(0, 1))
    return out


def write_wav(path, samples, n_channels=1, rate=RATE):
    """A float32 WAV file; samples are repeated over the channels."""
    data = b"".join(struct.pack("<f", s) * n_channels for s in samples)
    head = struct.pack("<HHIIHH", 3, n_channels, rate, rate * 4 * n_channels,
                       4 * n_channels, 32)
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
                   + struct.pack("<I", 16) + head + b"data"
                   + struct.pack("<I", len(data)) + data)


def read_wav(path):
    """(samples as stored in float32, channels, rate)."""
    with open(path, "rb") as file:
        raw = file.read()
    at, n_channels, rate = 12, 0, 0
    while at < len(raw):
        name, size = raw[at:at + 4], struct.unpack("<I", raw[at + 4:at + 8])[0]
        if name == b"fmt ":
            n_channels, rate = struct.unpack("<HI", raw[at + 10:at + 16])
        if name == b"data":
            data = raw[at + 8:at + 8 + size]
            return (struct.unpack(f"<{len(data) // 4}f", data), n_channels,
                    rate)
        at += 8 + size + size % 2
    raise ValueError(f"{path}: no data")


def run(*words):
    """Runs the command; returns the finished process, with text."""
    return subprocess.run(["speakersaliency", *words], capture_output=True,
                          text=True, timeout=120)


class Tap:
    """Prints one line for each check and the plan at the end."""

    def __init__(self):
        self.n, self.failed = 0, 0

    def check(self, ok, name, why=""):
        self.n += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.n} - {name}", flush=True)
        if not ok:
            for line in str(why).splitlines():
                print(f"# {line}")

    def finish(self):
        print(f"1..{self.n}")
        sys.exit(self.failed > 0)
