#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the command writes, and what it refuses to write: no output replaces an
input of the same call, and a file holds what its name says."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

from sounds import MODEL, Tap, read_wav, run, voice, write_wav

COMMANDS = ("enrol", "analyse", "mask", "compare", "evaluate", "bench", "model")
EXPERIMENTS = ("verification", "stream", "table2", "deletion", "sanity",
               "figures", "all", "merge")


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def write_manifest(path, recording):
    with open(path, "w") as file:
        file.write("path\tspeaker\tsex\tsource\tsplit\tseconds\n"
                   f"{recording}\tspk0\tf\tmade up\tfew\t3\n")


# --- inputs stay -------------------------------------------------------------

def check_inputs_stay(tap, folder):
    """By path, hard link and symbolic link; exit code 1, one line that names
    both, and the input as it was."""
    files = {kind: f"{folder}/{kind}" for kind in (
        "recording.wav", "target.speaker", "model.safetensors", "turns.tsv")}
    recording, target, model, turns = files.values()
    write_wav(recording, voice(3))
    shutil.copy(MODEL, model)
    made = run("enrol", "-m", model, "-o", target, recording)
    tap.check(made.returncode == 0, "/cli/outputs/enrol", made.stderr)
    with open(turns, "w") as file:
        file.write("0.0\t1.0\tann\n")
    analyse = ["analyse", "-m", model, "-t", target, "--turns", turns,
               recording]
    calls = {
        "mask-o": (["mask", "--uncalibrated", "-m", model, "-t", target,
                    recording, "-o"],
                   ("recording.wav", "target.speaker", "model.safetensors")),
        "analyse-json": ([*analyse, "--json"], files),
        "analyse-png": ([*analyse, "--png"], files),
        "enrol-o": (["enrol", "-m", model, recording, "-o"],
                    ("recording.wav", "model.safetensors")),
    }
    before = {kind: contents(path) for kind, path in files.items()}
    for name, (words, inputs) in calls.items():
        for kind in inputs:
            check_input_stays(tap, folder, f"{name}/{kind.split('.')[0]}",
                              words, files[kind], before[kind])
    both = f"{folder}/both"
    result = run(*analyse, "--png", both, "--json", f"{folder}/./both")
    tap.check(result.returncode == 1 and both in result.stderr
              and not os.path.exists(both),
              "/cli/outputs/refuses-one-file-for-two", result.stderr)


def check_input_stays(tap, folder, name, words, path, before):
    suffix = os.path.splitext(path)[1]
    hard, soft = f"{folder}/hard{suffix}", f"{folder}/soft{suffix}"
    os.link(path, hard)
    os.symlink(path, soft)
    for kind, out in (("path", path), ("hard-link", hard),
                      ("symbolic-link", soft),
                      ("other-path", f"{folder}/../{os.path.basename(folder)}"
                                     f"/{os.path.basename(path)}")):
        result = run(*words, out)
        lines = result.stderr.splitlines()
        tap.check(result.returncode == 1 and len(lines) == 1
                  and out in lines[0] and path in lines[0]
                  and contents(path) == before and os.path.islink(soft),
                  f"/cli/outputs/keeps-inputs/{name}/{kind}",
                  f"exit code {result.returncode}\n{result.stderr}")
        if contents(path) != before:
            with open(path, "wb") as file:
                file.write(before)
    os.unlink(hard)
    os.unlink(soft)


def check_corpus_stays(tap, folder):
    """A manifest that bears the name of a table of the evaluation."""
    write_wav(f"{folder}/a.wav", voice(3))
    manifest = f"{folder}/trials.tsv"
    write_manifest(manifest, "a.wav")
    before = contents(manifest)
    result = run("evaluate", "verification", "-m", MODEL, "--known",
                 "--manifest", manifest, "--split", "few", "-o", folder)
    tap.check(result.returncode == 1 and manifest in result.stderr
              and contents(manifest) == before,
              "/cli/outputs/keeps-inputs/evaluate/manifest", result.stderr)


# --- help --------------------------------------------------------------------

def check_help(tap):
    """Every --help works, and lists what applies."""
    calls = [["--help"], ["help"], *([c, "--help"] for c in COMMANDS),
             *(["help", c] for c in COMMANDS),
             *(["evaluate", e, "--help"] for e in EXPERIMENTS),
             ["help", "evaluate", "stream"]]
    for words in calls:
        result = run(*words)
        tap.check(result.returncode == 0 and "Usage:" in result.stdout
                  and result.stderr == "", f"/cli/help/{'-'.join(words)}",
                  result.stderr)
    version = run("--version")
    tap.check(version.returncode == 0 and version.stdout.count("\n") == 1
              and run("version").stdout == version.stdout,
              "/cli/help/version", version.stdout)
    for experiment, has, has_not in (
            ("stream", ("--frames", "--others"),
             ("--score-cam", "--shard", "--quick", "--gamma")),
            ("verification", ("--others",), ("--frames", "--piece")),
            ("table2", ("--shard", "--raw"), ("--frames", "--open")),
            ("all", ("--quick", "--open"), ("--shard", "--json"))):
        text = run("evaluate", experiment, "--help").stdout
        tap.check(all(word in text for word in has)
                  and not any(word in text for word in has_not),
                  f"/cli/help/evaluate-{experiment}-lists-its-own", text)


def check_defaults(tap):
    """--help shows the default of every number."""
    for command in ("mask", "analyse", "bench"):
        text = run(command, "--help").stdout
        numbers = [line for line in text.splitlines()
                   if line.strip().startswith("-") and "=" in line
                   and line.split("=")[1].split()[0] in ("MS", "P", "N", "DB",
                                                         "PX", "T")]
        bare = [line for line in numbers if not line.endswith(")")]
        tap.check(numbers and not bare, f"/cli/help/{command}-shows-defaults",
                  bare)


# --- options -----------------------------------------------------------------

def check_twice(tap, folder):
    """An option that takes one value is not given two."""
    source = f"{folder}/in.wav"
    write_wav(source, voice(3))
    for name, words in {
            "mask-target": ["mask", "--uncalibrated", source, "-t", "spk0", "-t", "spk1", "-o",
                            f"{folder}/a.wav"],
            "mask-long-and-short": ["mask", "--uncalibrated", source, "--target=spk0", "-tspk1",
                                    "-o", f"{folder}/a.wav"],
            "analyse-png": ["analyse", source, "-t", "spk0", "--png",
                            f"{folder}/a.png", "--png", f"{folder}/b.png"],
            "enrol-name": ["enrol", source, "-o", f"{folder}/a.speaker",
                           "--name", "a", "--name", "b"]}.items():
        result = run(words[0], "-m", MODEL, *words[1:])
        tap.check(result.returncode == 2 and "given twice" in result.stderr
                  and os.listdir(folder) == ["in.wav"],
                  f"/cli/outputs/refuses-twice/{name}",
                  f"{result.stderr}{os.listdir(folder)}")
    result = run("mask", "--uncalibrated", "-m", MODEL, "-t", "spk0", "--floor", "-40", source,
                 "-o", f"{folder}/-o.wav", "--threads", "1")
    tap.check(result.returncode == 0, "/cli/outputs/takes-negative-numbers",
              result.stderr)


# --- formats -----------------------------------------------------------------

MAGIC = {".wav": b"RIFF", ".flac": b"fLaC", ".ogg": b"OggS", ".oga": b"OggS",
         ".opus": b"OggS", ".mp3": b"\xff", ".WAV": b"RIFF", ".FLAC": b"fLaC",
         "": b"RIFF"}


def check_formats(tap, folder):
    """The suffix says what is written; what is none is refused."""
    source = f"{folder}/in.wav"
    write_wav(source, voice(3))
    mask = ["mask", "--uncalibrated", "-m", MODEL, "-t", "spk0", source, "-o"]
    for suffix, magic in MAGIC.items():
        out = f"{folder}/out{suffix}"
        result = run(*mask, out)
        if result.returncode != 0:
            tap.check(False, f"/cli/outputs/format/{suffix}", result.stderr)
            continue
        again = run("analyse", "-m", MODEL, "-t", "spk0", out, "--json", "-")
        seconds = (json.loads(again.stdout)["seconds"]
                   if again.returncode == 0 else 0)
        tap.check(contents(out).startswith(magic) and abs(seconds - 3) < 0.1
                  and (b"OpusHead" in contents(out)) == (suffix == ".opus"),
                  f"/cli/outputs/format/{suffix or 'none'}",
                  f"{contents(out)[:4]} {seconds} s {again.stderr}")
    for suffix in (".m4a", ".xyz", ".wav.bak"):
        out = f"{folder}/other{suffix}"
        result = run(*mask, out)
        tap.check(result.returncode == 1 and out in result.stderr
                  and ".flac" in result.stderr and not os.path.exists(out),
                  f"/cli/outputs/format/refuses-{suffix}", result.stderr)
    check_stdout(tap, folder, mask, source)


def check_pictures(tap, folder):
    """PNG and SVG; how wide is an option; other suffixes are refused."""
    source = f"{folder}/in.wav"
    write_wav(source, voice(3))
    analyse = ["analyse", "-m", MODEL, "-t", "spk0", source]
    for suffix, begin in ((".png", b"\x89PNG"), (".svg", b"<?xml"),
                          ("", b"\x89PNG")):
        out = f"{folder}/a{suffix}"
        result = run(*analyse, "--png", out)
        tap.check(result.returncode == 0 and contents(out).startswith(begin),
                  f"/cli/outputs/picture/{suffix or 'none'}", result.stderr)
    for suffix in (".jpg", ".pdf"):
        out = f"{folder}/b{suffix}"
        result = run(*analyse, "--png", out)
        tap.check(result.returncode == 1 and ".svg" in result.stderr
                  and not os.path.exists(out),
                  f"/cli/outputs/picture/refuses-{suffix}", result.stderr)
    out = f"{folder}/wide.png"
    run(*analyse, "--png", out, "--width", "2000")
    (width,) = struct.unpack(">I", contents(out)[16:20])
    tap.check(width == 2000, "/cli/outputs/picture/width", width)
    for words in (["--width", "100", "--png", out], ["--width", "900"],
                  ["--json-map"]):
        result = run(*analyse, *words)
        tap.check(result.returncode == 2 and words[0] in result.stderr,
                  f"/cli/outputs/picture/refuses{words[0]}", result.stderr)


def check_json(tap, folder):
    """Valid, with numbers no longer than their precision; the map on request."""
    name = "in \"quoted\" \\ \u00fc.wav"
    source = f"{folder}/{name}"
    write_wav(source, voice(3))
    analyse = ["analyse", "-m", MODEL, "-t", "spk0", "--layers", "s1,s4",
               source]
    out = f"{folder}/a.json"
    run(*analyse, "--json", out)
    text = contents(out).decode()
    plain = json.loads(text)
    mapped = json.loads(run(*analyse, "--json", "-", "--json-map").stdout)
    frames = mapped["frames"]
    tap.check(plain["file"] == source and "saliency" not in plain["frames"]
              and text == run(*analyse, "--json", "-").stdout,
              "/cli/outputs/json/is-escaped-and-the-same-everywhere", text[:99])
    digits = max(len(n.replace(".", "").replace("-", "").lstrip("0"))
                 for n in re.findall(r"(?<=[ \[])-?[0-9.]+(?=[,\]\n])", text))
    tap.check(digits <= 10 and '"centre" : 0.0125' in text,
              "/cli/outputs/json/numbers-are-short", digits)
    n = len(frames["activity"])
    values = [v for row in frames["saliency"] for v in row]
    tap.check(n > 250 and len(frames["saliency"]) == n
              and all(len(row) == len(frames["bands_hz"]) == 80
                      for row in frames["saliency"])
              and max(map(abs, values)) > 0.1
              and all(-1 <= v <= 1 for v in values)
              and {k: v for k, v in frames.items()
                   if k not in ("bands_hz", "saliency")} == plain["frames"],
              "/cli/outputs/json/has-the-map-on-request",
              (n, len(frames["saliency"])))
    tap.check(sum(s["end"] - s["start"] for s in plain["stretches"])
              > 2.9 and plain["seconds"] == 3
              and all(s["end"] <= 3 for s in plain["segments"]),
              "/cli/outputs/json/covers-the-recording", plain["seconds"])


def peak_kib(*words):
    """Resident memory of a call at its most, and its exit code."""
    code = ("import resource, subprocess, sys; "
            "r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
            "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
            "print(u.ru_maxrss, r.returncode)")
    result = subprocess.run([sys.executable, "-c", code, "speakersaliency",
                             *words], capture_output=True, text=True)
    return [int(n) for n in result.stdout.split()]


def check_memory(tap, folder):
    """Of a recording 15 times as long analyse needs hardly more memory."""
    second, sizes = voice(10), []
    for n in (4, 60):
        source = f"{folder}/{n}.wav"
        write_wav(source, second * n)
        kib, code = peak_kib("analyse", "-m", MODEL, "-t", "spk0", "--layers",
                             "s4", source, "--json", f"{folder}/{n}.json")
        sizes.append(kib)
        tap.check(code == 0, f"/cli/outputs/memory/{10 * n}-s-are-analysed")
    tap.check(sizes[1] - sizes[0] < 8000,
              "/cli/outputs/memory/does-not-grow", sizes)


def check_stdout(tap, folder, mask, source):
    """- is standard output for sound and JSON, and refused for the rest."""
    os.chdir(folder)
    result = subprocess.run(["speakersaliency", *mask, "-"],
                            capture_output=True)
    with open(f"{folder}/stdout.wav", "wb") as file:
        file.write(result.stdout)
    tap.check(result.returncode == 0
              and read_wav(f"{folder}/stdout.wav")
              == read_wav(f"{folder}/out.wav"),
              "/cli/outputs/stdout/is-a-whole-wav", result.stderr)
    for name, words in (("png", ["analyse", "-t", "spk0", source, "--png"]),
                        ("speaker", ["enrol", source, "-o"])):
        result = run(words[0], "-m", MODEL, *words[1:], "-")
        tap.check(result.returncode == 1 and "standard output" in result.stderr,
                  f"/cli/outputs/stdout/refuses-a-{name}", result.stderr)
    tap.check("-" not in os.listdir(folder), "/cli/outputs/stdout/is-no-file",
              os.listdir(folder))
    os.chdir("/")


def check_names(tap, folder):
    """A name that no turn has is refused, and those there are are said."""
    write_wav(f"{folder}/a.wav", voice(2))
    with open(f"{folder}/turns.tsv", "w") as file:
        file.write("0.0\t1.0\tann\n1.0\t2.0\tbob\n")
    words = [f"{folder}/a.wav", f"{folder}/a.wav", "--turns",
             f"{folder}/turns.tsv"]
    result = run("compare", *words, "--target", "nobody")
    tap.check(result.returncode == 1 and "ann, bob" in result.stderr,
              "/cli/compare/says-which-names-there-are", result.stderr)
    with open(f"{folder}/turns.tsv", "w") as file:
        file.write("SPEAKER a 1 0 1 <NA> <NA> ann <NA> <NA>\n")
    result = run("compare", *words, "--target", "ann")
    tap.check(result.returncode == 0 and "ann, the target" in result.stdout,
              "/cli/compare/reads-rttm", result.stderr)


def main():
    tap = Tap()
    check_help(tap)
    check_defaults(tap)
    for check in (check_inputs_stay, check_corpus_stays, check_twice,
                  check_formats, check_pictures, check_json,
                  check_memory, check_names):
        with tempfile.TemporaryDirectory() as folder:
            check(tap, folder)
    tap.finish()


if __name__ == "__main__":
    main()
