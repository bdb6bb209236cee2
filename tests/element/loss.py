# SPDX-License-Identifier: GPL-2.0-or-later
"""Packet loss: a conversation over RTP, with 0 to 10 % of the packets lost.

The voice slt is enrolled by the element itself, then everyone else is turned
down.  First without a network and as fast as it goes, every window waited for;
then in real time over the loopback device, all rates at once.  What the element
got is compared with what it gave, turn by turn.
"""

import array
import math
import os
import random
import sys
import tempfile

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

from tap import check, end  # noqa: E402

SOURCE = os.environ["SALIENCY_SOURCE"]
VOICES = os.path.join(SOURCE, "examples", "voices")
MODEL = os.path.join(SOURCE, "models", "resnet34se-small.safetensors")
LOSSES = (0, 1, 2, 5, 10)  # % of the packets
RATE = 16000
FORMAT = f"audio/x-raw,format=F32LE,rate={RATE},channels=1"
ELEMENTS = ("flacparse", "opusenc", "opusdec", "rtpopuspay",
            "rtpjitterbuffer", "udpsrc")


def read_turns():
    with open(os.path.join(VOICES, "turns.tsv"), encoding="utf-8") as file:
        rows = [line.split() for line in file]
    return [(float(row[0]), float(row[1]), row[2]) for row in rows]


def file_of(name):
    path = os.path.join(VOICES, name)
    return (f"filesrc location={path} ! flacparse ! flacdec ! audioconvert ! "
            f"audioresample ! audio/x-raw,rate={RATE},channels=1")


def element(target, properties):
    return (f"speakersaliency name=e model={MODEL} {target} {properties}")


def wait(pipeline, seconds=300):
    """Until EOS; None, or the error."""
    message = pipeline.get_bus().timed_pop_filtered(
        seconds * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    if message is None:
        return "nothing came"
    if message.type == Gst.MessageType.ERROR:
        return str(message.parse_error())
    return None


def enrol(path):
    pipeline = Gst.parse_launch(f"{file_of('slt.flac')} ! {element('', '')} ! "
                                "fakesink")
    e = pipeline.get_by_name("e")
    pipeline.set_state(Gst.State.PAUSED)
    pipeline.get_state(60 * Gst.SECOND)
    check("a first voice can be enrolled: without a target",
          e.emit("enrol-start", "slt"))
    pipeline.set_state(Gst.State.PLAYING)
    error = wait(pipeline)
    advice = e.emit("enrol-finish", path)
    pipeline.set_state(Gst.State.NULL)
    check("it is written", error is None and not advice.has_field("error"))


class Sound:
    """Mono PCM by its timestamps."""

    def __init__(self):
        self.powers = {}  # of pieces of 10 ms

    def keep(self, _pad, info):
        buffer = info.get_buffer()
        pcm = array.array("f", buffer.extract_dup(0, buffer.get_size()))
        first = round(buffer.pts * RATE / 1e9)
        step = RATE // 100
        for at in range(0, len(pcm), step):
            piece = pcm[at:at + step]
            slot = (first + at) // step
            self.powers[slot] = (self.powers.get(slot, 0)
                                 + sum(x * x for x in piece))
        return Gst.PadProbeReturn.OK

    def power(self, start, stop):
        return sum(self.powers.get(slot, 0)
                   for slot in range(round(start * 100), round(stop * 100)))


class Loss:
    """Drops packets, and flags the next one; a fill says where, both as a
    jitter buffer does."""

    def __init__(self, percent, fill):
        self.random = random.Random(7)
        self.percent = percent
        self.fill = fill
        self.n = self.n_lost = 0
        self.lost = False  # the packet before

    def drop(self, pad, info):
        buffer = info.get_buffer()
        self.n += 1
        if self.n < 10 or self.random.uniform(0, 100) >= self.percent:
            if self.lost:
                buffer.set_flags(Gst.BufferFlags.DISCONT)
            self.lost = False
            return Gst.PadProbeReturn.OK
        self.lost = True
        self.n_lost += 1
        if self.fill:
            pad.push_event(Gst.Event.new_gap(buffer.pts, buffer.duration))
        return Gst.PadProbeReturn.DROP


class Masked:
    """What one element got and gave."""

    def __init__(self, pipeline, percent):
        self.percent = percent
        self.e = pipeline.get_by_name("e")
        self.got, self.given = Sound(), Sound()
        for name, sound in (("sink", self.got), ("src", self.given)):
            self.e.get_static_pad(name).add_probe(
                Gst.PadProbeType.BUFFER, sound.keep)
        self.n_windows = None

    def stop(self):
        stats = self.e.get_property("stats")
        self.n_windows = stats.get_uint64("windows")[1]
        self.n_late = stats.get_uint64("late")[1]
        # those that a busy machine had no time for
        self.n_left_out = (stats.get_uint64("skipped")[1]
                           + stats.get_uint64("superseded")[1])

    def levels(self, turns, delay=0.0):
        """dB, of the target and of the loudest other voice"""
        target, others = [0.0, 0.0], {}
        for start, stop, name in turns:
            pair = target if name == "slt" else others.setdefault(
                name, [0.0, 0.0])
            for i, sound in enumerate((self.got, self.given)):
                pair[i] += sound.power(start + delay, stop + delay)

        def decibel(pair):
            return 10 * math.log10(max(pair[1], 1e-20) / max(pair[0], 1e-20))
        return decibel(target), max(decibel(p) for p in others.values())

    def judge(self, turns, lossless, where, delay=0.0):
        target, others = self.levels(turns, delay)
        print(f"# {where}, {self.percent} %: target {target:.1f} dB, others "
              f"{others:.1f} dB, {self.n_windows} windows, {self.n_left_out} "
              f"left out, {self.n_late} late")
        check(f"{where}, {self.percent} % lost: the target stays",
              target >= -3 or self.percent > 5)
        check(f"{where}, {self.percent} % lost: others go down", others <= -35)
        check(f"{where}, {self.percent} % lost: windows are computed",
              self.n_windows + self.n_left_out >= 0.95 * lossless)


def run_file(target, percent, fill):
    """As fast as it goes, without a network."""
    pipeline = Gst.parse_launch(
        f"{file_of('conversation.flac')} ! audioconvert ! opusenc name=o ! opusdec plc=false "
        f"! audioconvert ! audioresample ! {FORMAT} ! "
        f"{element(target, 'mask=time processing=sync')} ! "
        "fakesink")
    pipeline.get_by_name("o").get_static_pad("src").add_probe(
        Gst.PadProbeType.BUFFER, Loss(percent, fill).drop)
    masked = Masked(pipeline, percent)
    pipeline.set_state(Gst.State.PLAYING)
    error = wait(pipeline)
    masked.stop()
    pipeline.set_state(Gst.State.NULL)
    check(f"{percent} % lost: the file ends", error is None)
    return masked


class Call:
    """Over RTP, in real time."""

    def __init__(self, target, percent):
        self.receiver = Gst.parse_launch(
            "udpsrc name=u address=127.0.0.1 port=0 "
            'caps="application/x-rtp,media=audio,clock-rate=48000,'
            'encoding-name=OPUS,payload=96" ! '
            "rtpjitterbuffer latency=100 do-lost=true ! rtpopusdepay ! "
            "opusdec plc=false ! audioconvert ! audioresample ! "
            f"{FORMAT} ! queue ! "
            f"{element(target, 'mask=time budget=2000000000')} ! "
            "fakesink sync=true")
        self.masked = Masked(self.receiver, percent)
        self.first = None
        self.masked.e.get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER, self.note_first)
        self.receiver.set_state(Gst.State.PLAYING)
        self.receiver.get_state(10 * Gst.SECOND)
        port = self.receiver.get_by_name("u").get_property("port")
        self.sender = Gst.parse_launch(
            f"{file_of('conversation.flac')} ! audioconvert ! opusenc ! rtpopuspay "
            f"name=p pt=96 ! udpsink host=127.0.0.1 port={port} sync=true")
        self.loss = Loss(percent, False)
        self.sender.get_by_name("p").get_static_pad("src").add_probe(
            Gst.PadProbeType.BUFFER, self.loss.drop)

    def note_first(self, _pad, info):
        if self.first is None:
            self.first = info.get_buffer().pts / 1e9
        return Gst.PadProbeReturn.OK

    def stop(self):
        error = wait(self.sender)
        self.sender.set_state(Gst.State.NULL)
        # what is under way comes out with EOS
        self.receiver.send_event(Gst.Event.new_eos())
        error = error or wait(self.receiver)
        self.masked.stop()
        self.receiver.set_state(Gst.State.NULL)
        check(f"{self.masked.percent} % lost: the call ends", error is None)


def run_calls(target, turns, n_possible):
    """All rates at once.  A machine that is too late for the windows of the
    call without loss says nothing of the others."""
    calls = [Call(target, percent) for percent in LOSSES]
    for call in calls:
        call.sender.set_state(Gst.State.PLAYING)
    for call in calls:
        call.stop()
    first = calls[0].masked
    if first.n_late > 0.05 * n_possible:
        print(f"# {first.n_late} of {n_possible} late without loss: busy")
        return
    for call in calls:
        call.masked.judge(turns, first.n_windows + first.n_left_out, "call",
                          call.first)


def main():
    Gst.init(None)
    missing = [name for name in ELEMENTS
               if Gst.ElementFactory.find(name) is None]
    if missing:
        print("1..0 # SKIP there is no", ", ".join(missing))
        sys.exit(0)
    turns = read_turns()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "slt.speaker")
        enrol(path)
        target = f"target={path}"
        lossless = 0
        for fill in (True, False):
            where = "file, gaps" if fill else "file, holes"
            for percent in (LOSSES if fill else LOSSES[-2:]):
                masked = run_file(target, percent, fill)
                lossless = lossless or masked.n_windows
                masked.judge(turns, lossless, where)
        run_calls(target, turns, lossless)
    end()


if __name__ == "__main__":
    main()
