#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the commands do with good input."""

import json
import os
import struct
import tempfile

from sounds import DATA, MODEL, RATE, Tap, read_wav, run, voice, write_wav


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
    result = run("mask", "-m", MODEL, "-t", out, files[0], "-o",
                 f"{folder}/out.wav")
    tap.check(result.returncode == 0, "/cli/mask/takes-a-speaker-file",
              result.stderr)


def check_verify(tap, folder):
    """Golden values hold, and do not once the front end is another one."""
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
    """What decides how a model can be used is said."""
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
    for check in (check_mask, check_analyse, check_enrol, check_model,
                  check_verify, check_compare):
        with tempfile.TemporaryDirectory() as folder:
            check(tap, folder)
    tap.finish()


if __name__ == "__main__":
    main()
