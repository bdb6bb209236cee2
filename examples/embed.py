#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""When does a voice speak?  embed.c in Python, with the same output.

  sox talk.flac -t f32 -r 16000 -c 1 - | embed.py MODEL alice.speaker

Needs python3-gi, and GI_TYPELIB_PATH where Saliency-1.0.typelib is not found.
"""

import array
import sys

import gi

gi.require_version("Saliency", "1.0")
from gi.repository import GLib, Saliency  # noqa: E402

PIECE = 4 * 1600  # bytes


def strongest_band(settled):
    saliency = array.array("f", settled.get_saliency().get_data())
    best = max(range(len(saliency)), key=saliency.__getitem__)
    return best // settled.n_frames


def print_settled(analyser):
    while (settled := analyser.pop()) is not None:
        print(f"frame {settled.first_frame:6}  "
              f"probability {settled.probability:.2f}  "
              f"band {strongest_band(settled)}", flush=True)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: embed.py MODEL TARGET < SAMPLES")
    try:
        model = Saliency.Model.load(sys.argv[1])
        target = Saliency.Target.load(model, sys.argv[2])
        analyser = Saliency.Analyser.new(model, target, None)
    except GLib.Error as error:
        sys.exit(f"embed.py: {error.message}")
    while samples := sys.stdin.buffer.read(PIECE):
        analyser.push_bytes(GLib.Bytes.new(samples[:len(samples) // 4 * 4]))
        print_settled(analyser)
    analyser.finish()
    print_settled(analyser)


if __name__ == "__main__":
    main()
