#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the results of speakersaliency: bus messages, and metas on buffers.

    read_meta.py MODEL TARGET FILE

Without installing, with absolute paths:

    meson devenv -C build $PWD/examples/read_meta.py MODEL TARGET FILE

Prints two lines per stretch of 250 ms, from the message and from the meta:

    message    1.26 s  slt  probability 0.98
    meta       1.26 s  slt  map 80 x 25, mean evidence +0.31
"""

import struct
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSaliency", "1.0")
from gi.repository import Gst, GstSaliency  # noqa: E402

LINE = ("filesrc name=source ! decodebin ! audioconvert ! audioresample ! "
        "speakersaliency name=saliency ! fakesink name=sink")


def say(line):
    """In one piece: the probe is called from another thread."""
    sys.stdout.write(line + "\n")


def print_meta(pad, info):
    buffer = info.get_buffer()
    for i in range(GstSaliency.buffer_get_n_saliency_meta(buffer)):
        meta = GstSaliency.buffer_get_nth_saliency_meta(buffer, i)
        data = meta.get_map()
        values = struct.unpack(f"{data.get_size() // 4}f", data.get_data())
        mean = sum(values) / max(len(values), 1)
        say(f"meta    {meta.start / Gst.SECOND:7.2f} s  {meta.get_target()}"
            f"  map {meta.n_bands} x {meta.n_frames},"
            f" mean evidence {mean:+.2f}")
    return Gst.PadProbeReturn.OK


def print_message(structure):
    say(f"message {structure['timestamp'] / Gst.SECOND:7.2f} s"
        f"  {structure['target']}"
        f"  probability {structure['probability']:.2f}")


def run(pipeline):
    """Plays to the end; returns an error text or None."""
    bus = pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    while True:
        message = bus.timed_pop_filtered(
            Gst.CLOCK_TIME_NONE, Gst.MessageType.ELEMENT
            | Gst.MessageType.EOS | Gst.MessageType.ERROR)
        if message.type == Gst.MessageType.EOS:
            return None
        if message.type == Gst.MessageType.ERROR:
            error, _ = message.parse_error()
            return f"{message.src.get_name()}: {error.message}"
        if message.get_structure().get_name() == "speakersaliency":
            print_message(message.get_structure())


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: read_meta.py MODEL TARGET FILE")
    Gst.init(None)
    pipeline = Gst.parse_launch(LINE)
    pipeline.get_by_name("source").props.location = sys.argv[3]
    saliency = pipeline.get_by_name("saliency")
    saliency.props.model = sys.argv[1]
    saliency.props.target = sys.argv[2]
    saliency.props.post_messages = True
    saliency.props.attach_meta = True
    pipeline.get_by_name("sink").get_static_pad("sink").add_probe(
        Gst.PadProbeType.BUFFER, print_meta)
    problem = run(pipeline)
    pipeline.set_state(Gst.State.NULL)
    sys.exit(problem)


if __name__ == "__main__":
    main()
