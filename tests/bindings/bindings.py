# SPDX-License-Identifier: GPL-2.0-or-later
"""The library from Python: enrol from bytes, push samples, pop maps, read their
arrays; to the bit what a C program gets.

  bindings.py MODEL C_PROGRAM VERSION
"""

import array
import ctypes
import math
import os
import subprocess
import sys
import tempfile

import gi

gi.require_version("Saliency", "1.0")
from gi.repository import GLib, GObject, Saliency  # noqa: E402

from demo_voices import RATE, somebody_else, target as target_voice  # noqa: E402
from tap import check, end  # noqa: E402


def as_bytes(samples):
    return GLib.Bytes.new(samples.tobytes())


def floats(data):
    """A copy."""
    values = array.array("f")
    values.frombytes(data.get_data())
    return values


def view(data):
    """The same values, not copied; `data` keeps them alive."""
    n = data.get_size() // 4
    return (ctypes.c_float * n).from_address(data.get_region(4, 0, n))


def refused(code, function, *arguments):
    """Whether it fails in our domain with this code."""
    try:
        function(*arguments)
    except GLib.Error as error:
        print(f"# {error.message}")
        return (error.domain == "sal-error-quark"
                and error.matches(Saliency.error_quark(), code))
    return False


def pop_all(analyser):
    maps = []
    while (settled := analyser.pop()) is not None:
        maps.append(settled)
    return maps


def check_version(text):
    check("/bindings/version", ".".join(map(str, Saliency.version())) == text)
    check("/bindings/version-of-headers", text == (
        f"{Saliency.MAJOR_VERSION}.{Saliency.MINOR_VERSION}."
        f"{Saliency.MICRO_VERSION}"))


def check_errors(model, folder):
    path = os.path.join(folder, "broken.safetensors")
    with open(path, "wb") as file:
        file.write(b"not a model" * 10)
    code = Saliency.Error
    check("/bindings/error/broken-file",
          refused(code.FORMAT, Saliency.Model.load, path))
    check("/bindings/error/no-file",
          refused(code.FILE, Saliency.Model.load, path + "2"))
    check("/bindings/error/no-such-class",
          refused(code.TARGET, Saliency.Target.new_class, model, "nobody"))
    check("/bindings/error/odd-bytes",
          refused(code.FORMAT, Saliency.Enrol.new(model).add_bytes,
                  GLib.Bytes.new(b"12345")))
    check("/bindings/error/no-speech",
          refused(code.AUDIO, Saliency.Enrol.new(model).add_bytes,
                  as_bytes(array.array("f", [0] * RATE))))


def enrol(model, samples):
    enrolment = Saliency.Enrol.new(model)
    check("/bindings/enrol/from-bytes",
          enrolment.add_bytes(as_bytes(samples)))
    check("/bindings/enrol/recording",
          enrolment.get_recording(0).seconds == len(samples) / RATE)
    speaker, advice = enrolment.finish("someone")
    check("/bindings/enrol/advice",
          advice.n_pieces == speaker.get_n_pieces() and advice.n_kept > 0)
    check("/bindings/enrol/piece",
          speaker.get_piece(1).start == 1 and speaker.get_piece(1).kept)
    embedding = speaker.get_embedding()
    check("/bindings/enrol/embedding",
          len(embedding) == model.get_embedding_size()
          and abs(math.hypot(*embedding) - 1) < 1e-5)
    return speaker


def check_file(model, speaker, path):
    speaker.save(path)
    again = Saliency.Speaker.load(path)
    check("/bindings/speaker/name", again.get_name() == "someone")
    check("/bindings/speaker/embedding", all(
        abs(a - b) < 1e-6 for a, b
        in zip(again.get_embedding(), speaker.get_embedding())))
    target = Saliency.Target.load(model, path)
    check("/bindings/target/from-file",
          target.fits(model) and target.equal(
              Saliency.Target.new_speaker(model, again)))
    return target


def analyse(model, target, samples):
    """Maps, of samples in pieces of a third of a second."""
    analyser = Saliency.Analyser.new(model, target, None)
    maps = []
    for i in range(0, len(samples), RATE // 3):
        analyser.push_bytes(as_bytes(samples[i:i + RATE // 3]))
        maps += pop_all(analyser)
    analyser.finish()
    return maps + pop_all(analyser)


def check_maps(maps, wanted):
    got = b"".join(data.get_data() for settled in maps for data in (
        settled.get_saliency(), settled.get_activity(),
        settled.get_log_odds(), settled.get_log_mel()))
    check("/bindings/maps/follow-each-other",
          len(maps) > 5 and all(
              b.first_frame == a.first_frame + a.n_frames
              for a, b in zip(maps, maps[1:])))
    check("/bindings/maps/as-in-c", len(got) > 1000 and got == wanted)
    settled = maps[-1]
    data = settled.get_saliency()
    n = settled.n_bands * settled.n_frames
    check("/bindings/maps/size", data.get_size() == 4 * n)
    check("/bindings/maps/not-copied",
          data.get_region(4, 0, n)
          == settled.get_saliency().get_region(4, 0, n))
    want = list(floats(data))
    values = view(data)
    settled = None
    maps.clear()
    check("/bindings/maps/bytes-keep-the-map", list(values) == want)


def check_settings(model, target, samples):
    config = Saliency.AnalyserConfig.init()
    cam = config.cam
    cam.method = Saliency.CamMethod.NONE
    config.set_cam(cam)
    config.hop = 100
    analyser = Saliency.Analyser.new(model, target, config)
    analyser.set_targets([target, Saliency.Target.new_class(
        model, model.get_class_name(0))])
    analyser.push(list(samples[:3 * RATE]))
    maps = pop_all(analyser)
    check("/bindings/settings/hop", maps[0].n_frames == 50)
    check("/bindings/settings/targets",
          [settled.target for settled in maps[:4]] == [0, 1, 0, 1])
    check("/bindings/settings/no-map",
          all(settled.flags & Saliency.MapFlags.EMPTY for settled in maps))
    config.hop = 1
    check("/bindings/settings/out-of-range", refused(
        Saliency.Error.CONFIG, Saliency.Analyser.new, model, target, config))
    shared = GObject.Value(Saliency.Analyser, analyser).get_boxed()
    delay = analyser.get_delay()
    analyser = None
    check("/bindings/handles-are-shared", shared.get_delay() == delay)


def check_window(model, target, samples):
    """Mel, network, score and map, step by step."""
    front_end = model.get_mel_config()
    n = front_end.window_length + 199 * front_end.hop
    mel = Saliency.Mel.new(front_end)
    log_mel = mel.process(as_bytes(samples[:n]))
    check("/bindings/window/frames", mel.n_frames(n) == 200
          and log_mel.get_size() == 4 * 200 * front_end.n_bands)
    bands = floats(front_end.bands())
    check("/bindings/window/bands", len(bands) == front_end.n_bands
          and list(bands) == sorted(bands))
    net = Saliency.Net.new(model, 200, 3, 1)
    net.forward(log_mel)
    _, score = Saliency.Scorer.new(model).score(target, net.get_embedding())
    check("/bindings/window/score",
          score.cosine > 0.5 and 0 <= score.posterior <= 1)
    cam = Saliency.Cam.new(model, 200)
    config = Saliency.CamConfig.init()
    saliency, peak = cam.compute(net, target, config)
    values = floats(saliency)
    check("/bindings/window/map", len(values) == 200 * front_end.n_bands
          and peak > 0 and 0.5 < max(map(abs, values)) < 1)
    config.layers = Saliency.CamLayers.S1
    check("/bindings/window/layer-too-deep", refused(
        Saliency.Error.CONFIG, cam.compute, net, target, config))
    check("/bindings/window/too-short", refused(
        Saliency.Error.MISMATCH, net.forward,
        as_bytes(array.array("f", [0] * front_end.n_bands))))


def check_render(model, maps, samples):
    """A mask over the sound that the maps are of, in two channels."""
    render = Saliency.Render.new(model.get_mel_config(), None, True)
    stereo = array.array("f", (x for sample in samples
                               for x in (sample, sample)))
    check("/bindings/render/no-format", refused(
        Saliency.Error.CONFIG, render.push, as_bytes(stereo)))
    render.set_format(RATE, 2)
    check("/bindings/render/half-a-frame", refused(
        Saliency.Error.FORMAT, render.push, as_bytes(stereo[:3])))
    render.push(as_bytes(stereo))
    for settled in maps:
        render.push_maps([settled])
    render.finish()
    masked = floats(render.pull())
    check("/bindings/render/length", len(masked) == len(stereo))
    check("/bindings/render/channels-alike", masked[::2] == masked[1::2])
    check("/bindings/render/nothing-is-ready", render.pull().get_size() == 0)
    config = Saliency.GateConfig.init()
    config.removed = True
    render.set_gate(config)
    render.reset()
    render.push(as_bytes(stereo))
    for settled in maps:
        render.push_maps([settled])
    render.finish()
    removed = floats(render.pull())
    # The target speaks from the start.
    part = slice(2 * RATE, 4 * RATE)
    power = [math.fsum(x * x for x in sound[part])
             for sound in (stereo, masked, removed)]
    print(f"# power of sound, masked and removed: {power}")
    check("/bindings/render/keeps-the-target", power[1] > 0.9 * power[0])
    check("/bindings/render/removes-the-target", power[2] < 0.1 * power[0])


def main():
    path, program, version = sys.argv[1:]
    check_version(version)
    model = Saliency.Model.load(path)
    check("/bindings/model/classes",
          model.get_n_classes() > 0 and len(model.get_id()) == 16)
    samples = target_voice(6)
    with tempfile.TemporaryDirectory() as folder:
        check_errors(model, folder)
        speaker = enrol(model, samples)
        file = os.path.join(folder, "someone.speaker")
        target = check_file(model, speaker, file)
        sound = samples[:3 * RATE] + somebody_else(2)
        wanted = subprocess.run([program, path, file], input=sound.tobytes(),
                                stdout=subprocess.PIPE, check=True).stdout
    # of the file, as in C
    maps = analyse(model, target, sound)
    check_render(model, maps, sound)
    check_maps(maps, wanted)
    check_settings(model, target, sound)
    check_window(model, target, samples)
    end()


if __name__ == "__main__":
    main()
