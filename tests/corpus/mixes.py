#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten conversations of two voices never trained on, each through a gst-launch
pipeline that keeps one of them; prints by how many dB each voice was changed.

    tests/corpus/mixes.py [--margin DB] [--least N] [--mean DB]

Needs a corpus (SPEAKERSALIENCY_CORPUS), the built command and plugin on PATH and
GST_PLUGIN_PATH, and opusdec.  Fails if the other voice goes down by the margin
(8 dB) more than the target in fewer than all mixes, or N of them, or on average
by less than --mean (20 dB) more.  Exit code 77: skipped.
"""

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import wave

import numpy as np

RATE = 16000
ENROL_SECONDS, MIX_SECONDS = 20, 30


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)


def decode(path):
    raw = subprocess.run(
        ["opusdec", "--quiet", "--rate", str(RATE), "--no-dither", path, "-"],
        check=True, capture_output=True).stdout
    data = raw[raw.index(b"data") + 8:] if raw[:4] == b"RIFF" else raw
    return np.frombuffer(data[:len(data) // 2 * 2], "<i2") / 32768.0


def write(path, samples):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        peak = max(1.0, np.abs(samples).max() / 0.99)
        file.writeframes(np.round(samples / peak * 32767).astype("<i2")
                         .tobytes())


def speech(utterances):
    """One utterance after the other, each at the same level, for ever."""
    while True:
        for path in utterances:
            samples = decode(path)
            active = samples[np.abs(samples) > 0.02 * np.abs(samples).max()]
            yield samples * (0.05 / np.sqrt((active ** 2).mean()))


def take(source, rest, seconds):
    """The next stretch of speech; what is left over comes first next time."""
    n = int(seconds * RATE)
    while len(rest) < n:
        rest = np.concatenate([rest, next(source)])
    return rest[:n], rest[n:]


def make_mix(folder, voices, utterances, rng):
    """Writes enrol.wav, mix.wav and turns.tsv; voices[0] is the target."""
    target = list(utterances[voices[0]])
    rng.shuffle(target)
    enrol, n = [], 0
    while n < ENROL_SECONDS * RATE:
        enrol.append(decode(target.pop()))
        n += len(enrol[-1])
    write(f"{folder}/enrol.wav", np.concatenate(enrol))
    other = list(utterances[voices[1]])
    rng.shuffle(other)
    sources = [speech(target), speech(other)]
    rests, pieces, rows, at = [np.zeros(0)] * 2, [], [], 0.0
    who = rng.randrange(2)
    while at < MIX_SECONDS:
        seconds, level = rng.uniform(3, 5), rng.uniform(-3, 3)
        piece, rests[who] = take(sources[who], rests[who], seconds)
        pieces.append(piece * 10 ** (level / 20))
        rows.append((at, at + len(piece) / RATE, voices[who]))
        at, who = rows[-1][1], 1 - who
    write(f"{folder}/mix.wav", np.concatenate(pieces))
    with open(f"{folder}/turns.tsv", "w") as file:
        file.writelines(f"{a:.4f}\t{b:.4f}\t{name}\n" for a, b, name in rows)


def run_pipeline(folder, name):
    subprocess.run(["speakersaliency", "enrol", "-o", f"{folder}/t.speaker",
                    "--name", name, f"{folder}/enrol.wav"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(
        ["gst-launch-1.0", "-q", "filesrc", f"location={folder}/mix.wav", "!",
         "wavparse", "!", "audioconvert", "!", "speakersaliency",
         f"target={folder}/t.speaker", "method=none", "mask=time", "!",
         "audioconvert", "!", "audio/x-raw,format=S16LE", "!", "wavenc", "!",
         "filesink", f"location={folder}/out.wav"], check=True)
    return json.loads(subprocess.run(
        ["speakersaliency", "compare", f"{folder}/mix.wav",
         f"{folder}/out.wav", "--turns", f"{folder}/turns.tsv", "--target",
         name, "--json"], check=True, capture_output=True).stdout)


def corpus_rows():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.environ.get("SPEAKERSALIENCY_CORPUS",
                          f"{here}/../../../shared/corpus")
    if not os.path.exists(f"{root}/manifest.tsv"):
        skip(f"no corpus at {os.path.normpath(root)}")
    for tool in ("opusdec", "gst-launch-1.0", "speakersaliency"):
        if shutil.which(tool) is None:
            skip(f"no {tool} on PATH")
    with open(f"{root}/manifest.tsv", newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t")
                if r["split"] == "open"]
    utterances = {}
    for row in rows:
        utterances.setdefault(row["speaker"], []).append(
            f"{root}/{row['path']}")
    return utterances


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--margin", type=float, default=8.0, help="dB")
    parser.add_argument("--mixes", type=int, default=10)
    parser.add_argument("--least", type=int, help="mixes that must succeed")
    parser.add_argument("--mean", type=float, default=20.0, help="dB")
    parser.add_argument("--seed", type=int, default=2022)
    args = parser.parse_args()
    utterances, rng = corpus_rows(), random.Random(args.seed)
    names, differences = sorted(utterances), []
    print("mix  target    other     target dB  other dB  difference dB")
    for i in range(args.mixes):
        voices = [names[i % len(names)]]
        voices.append(rng.choice([n for n in names if n != voices[0]]))
        with tempfile.TemporaryDirectory() as folder:
            make_mix(folder, voices, utterances, rng)
            result = run_pipeline(folder, voices[0])
        kept, removed = (result["target_change_db"],
                         result["others_change_db"])
        differences.append(kept - removed)
        print(f"{i + 1:3}  {voices[0]:8}  {voices[1]:8}  {kept:9.1f}  "
              f"{removed:8.1f}  {kept - removed:13.1f}", flush=True)
    good = sum(d >= args.margin for d in differences)
    mean = sum(differences) / len(differences)
    print(f"seed {args.seed}: {good} of {args.mixes} mixes of {MIX_SECONDS} s "
          f"differ by {args.margin} dB or more, the mean by "
          f"{mean:.1f} dB")
    return (good < (args.mixes if args.least is None else args.least)
            or mean < args.mean)


if __name__ == "__main__":
    sys.exit(main())
