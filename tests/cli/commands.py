#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands with valid input."""

import json
import os
import random
import struct
import tempfile
import wave

from sounds import (DATA, MODEL, RATE, SHIPPED_MODEL, VOICES, Tap, read_wav,
                    run, voice, write_wav)


def check_mask(tap, folder):
    """Length, rate and channels of the input; with a floor of 0 dB its samples."""
    samples = voice(2)
    for rate, n_channels in ((8000, 1), (16000, 2), (44100, 1), (48000, 2)):
        source, out = f"{folder}/in.wav", f"{folder}/out.wav"
        write_wav(source, samples, n_channels, rate)
        result = run("mask", "-m", MODEL, "-t", "spk0", "--floor", "0", source,
                     "-o", out)
        name = f"/cli/mask/floor-0-changes-nothing/{rate}-hz-{n_channels}"
        if result.returncode != 0:
            tap.check(False, name, result.stderr)
            continue
        tap.check(read_wav(out) == read_wav(source), name, "samples differ")


def check_analyse(tap, folder):
    source = f"{folder}/in.wav"
    write_wav(source, voice(3))
    result = run("analyse", "-m", MODEL, "-t", "spk0", source, "--json", "-",
                 "--png", f"{folder}/a.png")
    try:
        report = json.loads(result.stdout)
    except json.JSONDecodeError as error:
        tap.check(False, "/cli/analyse/prints-json", f"{error}\n"
                  + result.stderr)
        return
    tap.check(report["target"] == "spk0", "/cli/analyse/names-the-target",
              report.get("target"))
    with open(f"{folder}/a.png", "rb") as file:
        head = file.read(24)
    width, height = struct.unpack(">II", head[16:24])
    tap.check(head[:8] == b"\x89PNG\r\n\x1a\n" and width >= 1000
              and height >= 400, "/cli/analyse/draws-a-png",
              f"{width} x {height}")


METHODS = ("none", "layer-cam", "signed-layer-cam", "grad-cam", "grad-cam++",
           "score-cam")


def check_methods(tap, folder):
    """Each method has a name and a map of its own; other names are refused."""
    source, pictures = f"{folder}/in.wav", set()
    write_wav(source, voice(3))
    words = ["analyse", "-m", MODEL, "-t", "spk0", source]

    def picture(name, *more):
        path = f"{folder}/a.png"
        result = run(*words, "--score-function", "posterior", "--json", "-",
                     "--png", path, *more)
        ok = result.returncode == 0 and (
            json.loads(result.stdout)["settings"]["method"] == more[1])
        tap.check(ok, f"/cli/analyse/method/{name}", result.stderr)
        with open(path, "rb") as file:
            pictures.add(file.read())

    for method in METHODS:
        picture(method, "--method", method)
    picture("score-cam-of-few", "--method", "score-cam", "--channels", "2")
    picture("percentile", "--method", "layer-cam", "--percentile", "90")
    layers = ("--method", "layer-cam", "--layers", "s1,s2,s3")
    picture("layers", *layers)
    picture("gamma", *layers, "--gamma", "1")
    picture("fusion", *layers, "--fusion", "max")
    picture("degrid", *layers, "--degrid")
    tap.check(len(pictures) == len(METHODS) + 6,
              "/cli/analyse/method/pictures-differ", len(pictures))
    for option, value, piece in (
            ("--method", "eigen-cam", ", ".join(METHODS[:-1]) + " and "
             + METHODS[-1]),
            ("--score-function", "loss", "log-odds, posterior and logit"),
            ("--fusion", "median", "mean and max"),
            ("--channels", "-1", "channels is -1"),
            ("--gamma", "0", "gamma is 0"),
            ("--percentile", "0", "percentile is 0"),
            ("--percentile", "101", "percentile is 101")):
        result = run(*words, option, value)
        tap.check(result.returncode == 2 and piece in result.stderr,
                  f"/cli/analyse/refuses{option}-{value}", result.stderr)


def check_enrol(tap, folder):
    """A voice from two files, and a .speaker file that names it."""
    files = [f"{folder}/a.wav", f"{folder}/b.wav"]
    for path in files:
        write_wav(path, voice(3))
    out = f"{folder}/v.speaker"
    result = run("enrol", "-m", MODEL, "-o", out, "--name", "Vera", "--json",
                 *files)
    tap.check(result.returncode == 0 and os.path.exists(out),
              "/cli/enrol/writes-a-speaker", result.stderr)
    facts = json.loads(result.stdout)
    tap.check(facts["name"] == "Vera" and abs(facts["seconds"] - 6) < 0.01,
              "/cli/enrol/counts-both-files", facts)
    pieces = facts["pieces"]
    tap.check([r["file"] for r in facts["recordings"]] == files
              and [p["recording"] for p in pieces] == [0, 1]
              and facts["n_pieces"] == facts["n_kept"] == 2
              and all(abs(p["end"] - 2) < 0.01 for p in pieces),
              "/cli/enrol/describes-recordings-and-pieces", facts)
    tap.check(facts["second_voice"] is None and facts["false_accept"] is None,
              "/cli/enrol/says-null-where-nothing-is-known", facts)
    result = run("enrol", "-m", MODEL, "-o", out, "--verbose", *files)
    tap.check(result.stdout.count("  kept  ") == 2
              and all(result.stdout.count(path) == 2 for path in files),
              "/cli/enrol/verbose-prints-pieces", result.stdout)
    result = run("mask", "-m", MODEL, "-t", out, files[0], "-o",
                 f"{folder}/out.wav")
    tap.check(result.returncode == 0, "/cli/mask/takes-a-speaker-file",
              result.stderr)


def check_advice(tap, folder):
    """Warnings name their file."""
    good, noise = voice(12, gain=0.1), random.Random(4)
    sounds = {"quiet": [0.03 * s for s in good],
              "clipped": [max(-1.0, min(1.0, 8 * s)) for s in good],
              "noisy": [s + 0.05 * noise.gauss(0, 1) for s in good]}
    for kind, samples in sounds.items():
        files = [f"{folder}/good.wav", f"{folder}/bad.wav"]
        # Pauses show the noise.
        write_wav(files[0], [s if i % RATE < 0.7 * RATE else 1e-4 * s
                             for i, s in enumerate(good)])
        write_wav(files[1], samples)
        result = run("enrol", "-m", MODEL, "-o", f"{folder}/v.speaker", *files)
        lines = [line for line in result.stderr.splitlines()
                 if f": {kind}" in line]
        tap.check(len(lines) == 1 and files[1] in lines[0],
                  f"/cli/enrol/warns-of-{kind}-file", result.stderr)


def check_second_voice(tap, folder):
    """One voice alone, and with a conversation that has three of its turns."""
    alone, talk = f"{VOICES}/slt.flac", f"{VOICES}/conversation.flac"
    out = f"{folder}/v.speaker"
    result = run("enrol", "-m", SHIPPED_MODEL, "-o", out, "--json", alone)
    facts = json.loads(result.stdout)
    tap.check(facts["second_voice"] is None
              and facts["n_kept"] == facts["n_pieces"]
              and "another voice" not in result.stderr,
              "/cli/enrol/second-voice/none-where-there-is-one", facts)
    result = run("enrol", "-m", SHIPPED_MODEL, "-o", out, "--json", alone, talk)
    facts = json.loads(result.stdout)
    second = facts["second_voice"] or {"file": "", "start": 0, "end": 0}
    with open(f"{VOICES}/turns.tsv") as file:
        turns = [line.split("\t") for line in file.read().splitlines()]
    others = [(float(a), float(b)) for a, b, name in turns if name != "slt"]
    overlap = sum(max(0, min(second["end"], b) - max(second["start"], a))
                  for a, b in others)
    tap.check(second["file"] == talk and overlap > 1
              and overlap > 0.8 * (second["end"] - second["start"]),
              "/cli/enrol/second-voice/is-named-with-file-and-time", second)
    tap.check(any(talk in line and "another voice" in line
                  for line in result.stderr.splitlines()),
              "/cli/enrol/second-voice/is-warned-of", result.stderr)
    wrong = [p for p in facts["pieces"] if p["kept"] != (
        p["recording"] == 0 or any(
            name == "slt" and float(a) < p["start"] + 0.8
            and float(b) > p["end"] - 0.8 for a, b, name in turns))]
    tap.check(len(wrong) <= 3, "/cli/enrol/second-voice/is-left-out", wrong)
    check_strange_recording(tap, folder, alone, talk, turns)


def check_strange_recording(tap, folder, alone, talk, turns):
    """A recording that differs throughout: another voice, or another day."""
    copy, strange = f"{folder}/talk.wav", f"{folder}/strange.wav"
    result = run("mask", "-m", MODEL, "-t", "spk0", "--floor", "0", "-o", copy,
                 talk)
    if result.returncode != 0:
        tap.check(False, "/cli/enrol/strange-recording", result.stderr)
        return
    a, b, _ = next(turn for turn in turns if turn[2] == "awb")
    with wave.open(copy) as whole, wave.open(strange, "wb") as part:
        rate = whole.getframerate()
        part.setparams(whole.getparams())
        whole.setpos(int(float(a) * rate))
        part.writeframes(whole.readframes(int((float(b) - float(a)) * rate)))
    result = run("enrol", "-m", SHIPPED_MODEL, "-o", f"{folder}/v.speaker",
                 "--json", alone, strange)
    facts = json.loads(result.stdout)
    tap.check(facts["second_voice"] and facts["second_voice"]["file"] == strange
              and any(strange in line and "nothing of it is left out" in line
                      for line in result.stderr.splitlines()),
              "/cli/enrol/strange-recording/is-warned-of", result.stderr)
    tap.check(facts["n_kept"] == facts["n_pieces"],
              "/cli/enrol/strange-recording/is-used", facts)


def check_verify(tap, folder):
    """Golden values hold, but not with another front end."""
    result = run("model", MODEL, "--verify")
    tap.check(result.returncode == 0, "/cli/model/verifies", result.stderr)
    with open(MODEL, "rb") as file:
        raw = file.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header, data = json.loads(raw[8:8 + length]), raw[8 + length:]
    record = json.loads(header["__metadata__"]["speakersaliency"])
    record["frontend"]["window"] = "hann"
    header["__metadata__"]["speakersaliency"] = json.dumps(record)
    text = json.dumps(header).encode()
    path = f"{folder}/hann.safetensors"
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    result = run("model", path, "--verify")
    tap.check(result.returncode == 1 and "log_mel" in result.stderr,
              "/cli/model/notices-another-window", result.stderr)


def check_model(tap, folder):
    """The properties that decide the use of a model are printed."""
    for name, words in (("tiny", ("mean and deviation", "cosine, scale 30")),
                        ("sunine", ("mean and variance", "margin 0.2")),
                        ("voxceleb", ("attentive", "linear"))):
        result = run("model", f"{DATA}/{name}.safetensors")
        tap.check(all(w in result.stdout for w in words),
                  f"/cli/model/describes-{name}", result.stdout)


def check_compare(tap, folder):
    """A turn played at half the amplitude is 6.0 dB down."""
    samples = voice(2)
    write_wav(f"{folder}/a.wav", samples)
    write_wav(f"{folder}/b.wav", samples[:RATE]
              + [0.5 * s for s in samples[RATE:]])
    with open(f"{folder}/turns.tsv", "w") as file:
        file.write("0.0\t1.0\tann\n1.0\t2.0\tbob\n")
    result = run("compare", f"{folder}/a.wav", f"{folder}/b.wav", "--turns",
                 f"{folder}/turns.tsv", "--target", "ann", "--json")
    facts = json.loads(result.stdout)
    tap.check(abs(facts["target_change_db"]) < 0.01
              and abs(facts["others_change_db"] + 6.02) < 0.01,
              "/cli/compare/measures-turns", facts)


def main():
    tap = Tap()
    for check in (check_mask, check_analyse, check_methods, check_enrol,
                  check_advice, check_second_voice, check_model, check_verify, check_compare):
        with tempfile.TemporaryDirectory() as folder:
            check(tap, folder)
    tap.finish()


if __name__ == "__main__":
    main()
