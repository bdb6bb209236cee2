# SPDX-License-Identifier: GPL-2.0-or-later
"""The map reaches a Python program, in the meta of buffers behind other elements
and in messages."""

import os
import struct
import tempfile

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstSaliency", "1.0")
from gi.repository import Gst, GstApp, GstSaliency  # noqa: E402, F401

from tap import check, end  # noqa: E402

def check_array(name, data, n):
    values = struct.unpack(f"={n}f", data) if len(data) == 4 * n else ()
    check(f"{name} has {n} values", len(values) == n)
    check(f"{name} is within -1 and 1",
          all(-1 <= value <= 1 for value in values))


def play(pipeline, at_end=None):
    """The buffers and the element messages of a whole run."""
    sink = pipeline.get_by_name("sink")
    bus = pipeline.get_bus()
    buffers, messages = [], []
    pipeline.set_state(Gst.State.PLAYING)
    while True:
        sample = sink.try_pull_sample(10 * Gst.SECOND)
        if sample is None:
            break
        buffers.append(sample.get_buffer())
    if at_end is not None:
        at_end()
    while True:
        message = bus.pop_filtered(Gst.MessageType.ELEMENT
                                   | Gst.MessageType.ERROR)
        if message is None:
            break
        if message.type == Gst.MessageType.ERROR:
            print("#", message.parse_error())
            check("no error", False)
        else:
            messages.append(message.get_structure())
    pipeline.set_state(Gst.State.NULL)
    return buffers, messages


def main():
    Gst.init(None)
    model = os.path.join(os.environ["SALIENCY_TEST_DATA"], "tiny.safetensors")
    buffers, messages = play(Gst.parse_launch(
        "audiotestsrc wave=pink-noise num-buffers=100 ! "
        "audio/x-raw,rate=48000,channels=2 ! "
        f"speakersaliency model={model} target=spk0 attach-meta=true "
        "message-map=true ! queue ! audioconvert ! audioresample ! "
        "audio/x-raw,rate=8000,channels=1 ! appsink name=sink sync=false"))

    metas = [GstSaliency.buffer_get_nth_saliency_meta(buffer, i)
             for buffer in buffers
             for i in range(GstSaliency.buffer_get_n_saliency_meta(buffer))]
    check("metas pass queue, audioconvert and audioresample", len(metas) > 3)
    meta = metas[0]
    with_meta = next(b for b in buffers
                     if GstSaliency.buffer_get_n_saliency_meta(b) > 0)
    first = GstSaliency.buffer_get_saliency_meta(with_meta)
    check("the first meta is found", first.seqnum == meta.seqnum)
    check("the meta names the target", meta.get_target() == "spk0")
    check("the meta has times", meta.start == 0 < meta.stop)
    check("the meta has flags",
          bool(meta.flags & GstSaliency.SaliencyFlags.PARTIAL))
    check("the meta has a probability", 0 <= meta.probability <= 1)
    check_array("the map", meta.get_map().get_data(),
                meta.n_bands * meta.n_frames)
    check_array("the activity", meta.get_activity().get_data(), meta.n_frames)
    check("the bands have frequencies",
          len(meta.get_bands_hz().get_data()) == 4 * meta.n_bands)

    check("there are messages", len(messages) >= len(metas))
    message = messages[0]
    check("the message is ours", message.get_name() == "speakersaliency")
    check("the message names the target",
          message.get_string("target") == "spk0")
    check("the message has times",
          message.get_uint64("timestamp") == (True, meta.start))
    check("the map of the message is that of the meta",
          message.get_value("map").get_data() == meta.get_map().get_data())
    check("the message has the shape of the map",
          message.get_value("bands") == meta.n_bands
          and message.get_value("frames") == meta.n_frames)
    check_client(model)
    end()


def check_client(model):
    """Properties and actions that are more than numbers"""
    voice = os.path.join(os.environ["SALIENCY_SOURCE"],
                         "examples/voices/slt.flac")
    pipeline = Gst.parse_launch(
        f"filesrc location={voice} ! flacparse ! flacdec ! audioconvert ! "
        "audio/x-raw,format=F32LE ! "
        f"speakersaliency name=e model={model} ! "
        "appsink name=sink sync=false")
    element = pipeline.get_by_name("e")
    element.set_property("targets", Gst.ValueArray(["spk1", "spk2"]))
    check("targets are a list of names",
          list(element.get_property("targets")) == ["spk1", "spk2"])
    pipeline.set_state(Gst.State.PAUSED)
    pipeline.get_state(10 * Gst.SECOND)
    check("an enrolment begins", element.emit("enrol-start", "ann"))

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ann.speaker")
        advice = []
        _, messages = play(pipeline, lambda: advice.append(
            element.emit("enrol-finish", path)))
        check("the advice is a structure",
              advice[0].get_name() == "speaker-enrolment")
        check("the voice is written", os.path.getsize(path) > 100
              and advice[0].get_string("location") == path
              and advice[0].get_double("speech-seconds")[1] > 0.5)
        check("without an enrolment it says so", element.emit(
            "enrol-finish", path).get_string("error") is not None)
    names = {message.get_string("target") for message in messages}
    check("messages name both targets", names == {"spk1", "spk2"})
    stats = element.get_property("stats")
    check("stats are a structure",
          stats.get_uint64("windows")[1] > 3
          and stats.get_uint64("late") == (True, 0)
          and stats.get_uint64("effective-hop")[1] == 250 * Gst.MSECOND
          and stats.get_string("effective-processing") == "sync")


if __name__ == "__main__":
    main()
