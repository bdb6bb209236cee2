# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole pipelines with the elements of the system."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSaliency", "1.0")
from gi.repository import Gst, GstSaliency  # noqa: E402

from tap import check, end  # noqa: E402

FRAME = 0.0002  # s; somewhat more than a PCM frame at 8 kHz


def element(properties=""):
    model = os.path.join(os.environ["SALIENCY_TEST_DATA"], "tiny.safetensors")
    return f"speakersaliency name=e model={model} target=spk0 {properties}"


class Run:
    """A pipeline from its start to its end.

    inputs, buffers: what came and left, as (caps, PTS, duration, bytes, discont),
    times in s; metas: as (target, seqnum, window start and stop, start, stop)
    """

    def __init__(self, line, keep=True, meanwhile=None,
                 setup=None, limit=1e9):
        self.inputs, self.buffers, self.metas = [], [], []
        self.messages, self.error = [], None
        self.pipeline = Gst.parse_launch(line)
        self.meanwhile = meanwhile
        self.limit = time.monotonic() + limit
        if setup is not None:
            setup(self.pipeline)
        if keep:
            place = self.pipeline.get_by_name("e")
            for pad, kept in (("sink", self.inputs), ("src", self.buffers)):
                place.get_static_pad(pad).add_probe(
                    Gst.PadProbeType.BUFFER, self.keep, kept)
        self.play()

    def keep(self, pad, info, kept):
        buffer = info.get_buffer()
        structure = pad.get_current_caps().get_structure(0)
        kept.append(((structure.get_value("rate"),
                      structure.get_value("channels")),
                     buffer.pts / 1e9, buffer.duration / 1e9,
                     buffer.get_size(),
                     bool(buffer.get_flags() & Gst.BufferFlags.DISCONT)))
        if kept is self.buffers:
            self.metas += metas_of(buffer)
        return Gst.PadProbeReturn.OK

    def play(self):
        bus = self.pipeline.get_bus()
        self.pipeline.set_state(Gst.State.PLAYING)
        ended = False
        while not ended:
            message = bus.timed_pop(50 * Gst.MSECOND)
            if self.meanwhile is not None:
                self.meanwhile()
            if message is None:
                if time.monotonic() > self.limit:
                    self.error = "it hangs"
                    break
                continue
            if message.type == Gst.MessageType.ELEMENT:
                self.messages.append(message.get_structure())
            elif message.type == Gst.MessageType.ERROR:
                self.error = message.parse_error()
                print("#", self.error)
            ended = message.type in (Gst.MessageType.EOS,
                                     Gst.MessageType.ERROR)
        self.pipeline.set_state(Gst.State.NULL)

    def spans(self, field="timestamp"):
        """Of the messages, as (start, stop) in s."""
        starts = [m.get_uint64(field)[1] / 1e9 for m in self.messages]
        lengths = [m.get_uint64("duration")[1] / 1e9 for m in self.messages]
        return [(s, s + n) for s, n in zip(starts, lengths)]


def metas_of(buffer):
    metas = [GstSaliency.buffer_get_nth_saliency_meta(buffer, i)
             for i in range(GstSaliency.buffer_get_n_saliency_meta(buffer))]
    return [(m.get_target(), m.seqnum, m.window_start / 1e9,
             m.window_stop / 1e9, m.start / 1e9, m.stop / 1e9) for m in metas]


def tile(spans, start, stop, tolerance=FRAME):
    ends = [start] + [span[1] for span in spans]
    starts = [span[0] for span in spans] + [stop]
    return all(abs(a - b) < tolerance for a, b in zip(ends, starts))


def check_without_caps():
    """Not by gst-launch-1.0, which may miss the error while it prerolls."""
    start = time.monotonic()
    run = Run("filesrc location=/dev/zero num-buffers=2 ! "
              f"{element()} ! fakesink", keep=False)
    check("check 4: sound without caps is an error at once",
          run.error is not None and "not-negotiated" in run.error[1]
          and time.monotonic() - start < 5)


def check_lines():
    if shutil.which("gst-launch-1.0") is None:
        return
    line = ("gst-launch-1.0 -m audiotestsrc num-buffers=50 ! "
            f"{element('targets=<spk1,spk2>')} ! fakesink")
    run = subprocess.run(line.split(), capture_output=True, text=True,
                         timeout=60)
    lines = [x for x in run.stdout.splitlines() if "): speakersaliency," in x]
    check("check 21: a line of gst-launch-1.0 -m is less than 1 kB",
          run.returncode == 0 and len(lines) > 3
          and max(len(x) for x in lines) < 1000)


def check_nothing():
    run = Run(f"fakesrc num-buffers=0 ! {element()} ! fakesink")
    check("check 5: EOS alone passes", run.error is None and not run.messages)


def check_concat(properties):
    sound = "audiotestsrc wave=pink-noise num-buffers=100 ! audio/x-raw"
    run = Run(f"concat name=c ! {element(properties)} ! fakesink "
              f"{sound},format=S16LE,rate=44100,channels=1 ! c. "
              f"{sound},format=S16LE,rate=48000,channels=2 ! c.")
    size = {caps: sum(b[3] for b in run.buffers if b[0] == caps)
            for caps in ((44100, 1), (48000, 2))}
    check(f"check 19: all leaves in its own caps, {properties}",
          size == {(44100, 1): 204800, (48000, 2): 409600})
    spans = run.spans("running-time")
    check(f"check 19: messages go on, {properties}",
          tile(spans, 0, 102400 / 44100 + 102400 / 48000))


def runs_of(buffers):
    """[start, stop] of stretches without holes"""
    runs = []
    for _, pts, duration, _, discont in buffers:
        if discont or not runs:
            runs.append([pts, pts])
        runs[-1][1] = pts + duration
    return runs


def drop_gaps(pipeline):
    """identity says where it dropped something; then that is silence."""
    def drop(_pad, info):
        is_gap = info.get_event().type == Gst.EventType.GAP
        return Gst.PadProbeReturn.DROP if is_gap else Gst.PadProbeReturn.OK
    pipeline.get_by_name("i").get_static_pad("src").add_probe(
        Gst.PadProbeType.EVENT_DOWNSTREAM, drop)


def check_gaps(properties):
    run = Run("audiotestsrc wave=pink-noise num-buffers=400 "
              "samplesperbuffer=2000 ! audio/x-raw,rate=8000,channels=1 ! "
              f"identity drop-probability=0.2 ! {element(properties)} ! "
              "fakesink")
    check(f"check 20: gaps are time, {properties}",
          run.buffers == run.inputs
          and tile(run.spans(), 0, run.spans()[-1][1])
          and abs(run.spans()[-1][1] - 100) < 1)


def check_holes(properties, n):
    run = Run(f"audiotestsrc wave=pink-noise num-buffers={n} "
              "samplesperbuffer=2000 ! audio/x-raw,rate=8000,channels=1 ! "
              "identity name=i drop-probability=0.2 ! "
              f"{element(properties)} ! fakesink", setup=drop_gaps)
    runs = runs_of(run.inputs)
    check(f"check 20: buffers pass as they are, {properties}",
          run.buffers == run.inputs and len(runs) > n / 20)
    check(f"check 20: no window spans a hole, {properties}", len(run.metas) > 0
          and all(any(a - FRAME < m[2] < m[3] < b + FRAME for a, b in runs)
                  for m in run.metas))
    spans = run.spans()
    check(f"check 20: messages tile what is there, {properties}",
          all(tile([s for s in spans if a - FRAME < s[0] < b - FRAME], a, b)
              for a, b in runs))


def check_drift():
    run = Run("audiotestsrc wave=pink-noise num-buffers=6460 ! "
              "audio/x-raw,rate=11025,channels=1 ! "
              f"{element('hop=1000000000 method=none')} ! fakesink", keep=False)
    check("check 20: no drift in ten minutes",
          tile(run.spans(), 0, 6460 * 1024 / 11025, 0.0001))


def check_metas_pass():
    last = "audioresample ! audio/x-raw,rate=16000,channels=1"
    if Gst.ElementFactory.find("audiobuffersplit"):
        last += " ! audiobuffersplit output-buffer-duration=3/100"
    metas = []

    def look(_pad, info):
        metas.extend(metas_of(info.get_buffer()))
        return Gst.PadProbeReturn.OK

    def watch(pipeline):
        pipeline.get_by_name("sink").get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER, look)

    run = Run("audiotestsrc wave=pink-noise num-buffers=200 ! "
              "audio/x-raw,rate=44100,channels=2 ! "
              f"{element('targets=<spk1> attach-meta=true mask=time')} ! "
              f"queue ! audioconvert ! {last} ! fakesink name=sink",
              setup=watch)
    sent = {(m.get_string("target"), m.get_uint64("seqnum")[1])
            for m in run.messages}
    check("check 22: every target and seqnum is seen behind converters",
          len(sent) > 10 and {m[:2] for m in metas} == sent)
    check("check 22: metas have times", all(
        m[2] <= m[4] < m[5] <= m[3] + FRAME for m in metas))


def resident():
    """MB"""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def check_memory():
    sizes = []
    run = Run("audiotestsrc wave=pink-noise num-buffers=1000000 "
              "samplesperbuffer=4 ! audio/x-raw,rate=8000,channels=1 ! "
              f"{element('attach-meta=true post-messages=false hop=1000000000')}"
              " ! queue ! audioconvert ! audioresample ! "
              "audio/x-raw,rate=16000 ! fakesink", keep=False,
              meanwhile=lambda: sizes.append(resident()))
    growth = sizes[-1] - sizes[len(sizes) // 4]
    print(f"# {len(sizes)} sizes, last {sizes[-1]:.1f} MB, grown {growth:.1f}")
    check("check 22: 1000000 buffers take no memory",
          run.error is None and len(sizes) > 8 and growth < 4)


class Tee:
    """Checksums of what arrives at two sinks while bypass is toggled."""

    def __init__(self, branch):
        self.sums = {"one": hashlib.sha256(), "other": hashlib.sha256()}
        self.n = 0
        self.pipeline = Gst.parse_launch(
            "audiotestsrc wave=saw num-buffers=300 samplesperbuffer=800"
            " ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! tee name=t "
            f"t. ! queue ! {branch} ! fakesink name=one "
            "t. ! queue ! fakesink name=other")
        self.branch = self.pipeline.get_by_name("e")
        for name in self.sums:
            self.pipeline.get_by_name(name).get_static_pad("sink").add_probe(
                Gst.PadProbeType.BUFFER, self.add, name)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.pipeline.get_bus().timed_pop_filtered(
            60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        self.pipeline.set_state(Gst.State.NULL)

    def add(self, _pad, info, name):
        buffer = info.get_buffer()
        self.sums[name].update(buffer.extract_dup(0, buffer.get_size()))
        self.n += 1
        if self.n % 20 == 0 and self.branch.find_property("bypass"):
            self.branch.set_property("bypass", self.n % 40 == 0)
        return Gst.PadProbeReturn.OK

    def get(self, name):
        return self.sums[name].hexdigest()


def check_tee():
    plain = Tee("identity name=e")
    masked = Tee(element("mask=time"))
    check("P12: the branch is masked", masked.get("one") != plain.get("one"))
    check("P12: the other branch is untouched",
          masked.get("other") == plain.get("other"))


def check_transcoding():
    """A file with video through queues of a second, as everyone has them."""
    needed = ("vp8enc", "vorbisenc", "vorbisdec", "matroskamux")
    if not all(Gst.ElementFactory.find(name) for name in needed):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "av.mkv")
        run = Run("videotestsrc num-buffers=150 ! video/x-raw,width=64,height="
                  "48,framerate=25/1 ! vp8enc deadline=1 ! matroskamux name=m "
                  f"! filesink location={path} audiotestsrc wave=pink-noise "
                  "num-buffers=300 samplesperbuffer=320 ! audio/x-raw,"
                  "rate=16000,channels=1 ! vorbisenc ! m.", keep=False)
        check("a file with video is written", run.error is None)
        run = Run(f"filesrc location={path} ! matroskademux name=d "
                  "d.video_0 ! queue ! m. d.audio_0 ! queue ! vorbisdec ! "
                  f"audioconvert ! {element('mask=time')} ! audioconvert ! "
                  "vorbisenc ! m. matroskamux name=m ! fakesink", limit=60)
        check("a file with video is transcoded with default queues",
              run.error is None and abs(run.spans()[-1][1] - 6) < 0.1)


def main():
    Gst.init(None)
    check_without_caps()
    check_lines()
    check_nothing()
    for properties in ("mask=none", "mask=time",
                       "mask=time processing=async"):
        check_concat(properties)
    check_gaps("mask=none")
    check_gaps("mask=time")
    check_holes("attach-meta=true hop=1000000000", 400)
    check_holes("attach-meta=true hop=1000000000 mask=time method=none", 2400)
    check_drift()
    check_metas_pass()
    check_memory()
    check_tee()
    check_transcoding()
    end()


if __name__ == "__main__":
    main()
