#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Second-speaker detection at enrolment, on 20 s each of unknown voices.

    tests/corpus/enrolment.py [--least N] [--most N] [--development]

Ten enrolments are clean; in ten others 2 s of another voice, every second one of
the same sex, are spliced in at a random place at the same level.  Prints the
advice of `speakersaliency enrol`.
Needs a corpus (SPEAKERSALIENCY_CORPUS), the built command on PATH and opusdec.
Fails if fewer than --least (8) of the spliced enrolments have a warning with a
time within the splice, or more than --most (1) of the clean ones a warning.
--development takes the voices of the limits in core/enrol/second-speaker.c, for
a model trained without these voices (stages small-dev and full-dev of
models/train.py at revision 5f603cb; see examples/docs/training.md).
Exit code 77: skipped.
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

import numpy as np

import mixes
from mixes import RATE

SECONDS, SECOND_VOICE = 20, 2
FRAME = RATE // 100


def corpus(development):
    """{speaker: paths}, {speaker: sex} of the voices never trained on, or of
    those that decisions are made on."""
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.environ.get("SPEAKERSALIENCY_CORPUS",
                          f"{here}/../../../shared/corpus")
    if not os.path.exists(f"{root}/manifest.tsv"):
        mixes.skip(f"no corpus at {os.path.normpath(root)}")
    for tool in ("opusdec", "speakersaliency"):
        if shutil.which(tool) is None:
            mixes.skip(f"no {tool} on PATH")
    with open(f"{root}/manifest.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    split = "train" if development else "open"
    rows = [row for row in rows if row["split"] == split]
    if development:
        sys.path.insert(0, f"{here}/../../models")
        import corpus as training  # needs PyTorch
        names = training.development(rows)
        rows = [row for row in rows if row["speaker"] in names]
    utterances, seconds, sexes = {}, {}, {}
    for row in rows:
        name = row["speaker"]
        utterances.setdefault(name, []).append(f"{root}/{row['path']}")
        seconds[name] = seconds.get(name, 0) + float(row["seconds"])
        sexes[name] = row["sex"]
    rich = {name for name in seconds if seconds[name] >= 60}
    return ({name: utterances[name] for name in rich}, sexes)


def speech_frames(samples):
    """Mean squares of frames of 10 ms, and whether each is within 30 dB of
    the loud ones."""
    n = len(samples) // FRAME
    energy = (samples[:n * FRAME].reshape(n, FRAME) ** 2).mean(1)
    return energy, energy > np.percentile(energy, 95) / 1000


def speech_rms(samples):
    energy, speech = speech_frames(samples)
    return np.sqrt(energy[speech].mean())


def utterances_of(paths, seconds, rng):
    """Whole utterances in random order, cut after so many seconds."""
    paths, pieces, n = list(paths), [], 0
    rng.shuffle(paths)
    while n < seconds * RATE:
        pieces.append(mixes.decode(paths.pop()))
        n += len(pieces[-1])
    return np.concatenate(pieces)[:seconds * RATE]


def stretch_of(paths, seconds, rng):
    """A random stretch, most of it speech."""
    n = seconds * RATE
    while True:
        samples = mixes.decode(rng.choice(paths))
        if len(samples) <= n:
            continue
        start = rng.randrange(len(samples) - n) // FRAME
        speech = speech_frames(samples)[1][start:start + n // FRAME]
        if speech.mean() > 0.7:
            return samples[start * FRAME:start * FRAME + n]


def enrol(samples):
    with tempfile.TemporaryDirectory() as folder:
        mixes.write(f"{folder}/voice.wav", samples)
        return json.loads(subprocess.run(
            ["speakersaliency", "enrol", "--json", "-o",
             f"{folder}/voice.speaker", f"{folder}/voice.wav"], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


def spliced(target, other, rng):
    """Sound, and from when to when it is the other voice."""
    voice = utterances_of(target, SECONDS - SECOND_VOICE, rng)
    intruder = stretch_of(other, SECOND_VOICE, rng)
    intruder = intruder * speech_rms(voice) / speech_rms(intruder)
    at = rng.randrange(len(voice) + 1)
    return (np.concatenate([voice[:at], intruder, voice[at:]]), at / RATE,
            at / RATE + SECOND_VOICE)


def said(facts):
    second = facts["second_voice"]
    return (f"{second['start']:5.1f} to {second['end']:5.1f} s" if second
            else "nothing")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--enrolments", type=int, default=10, help="a kind")
    parser.add_argument("--least", type=int, default=8)
    parser.add_argument("--most", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2022)
    parser.add_argument("--development", action="store_true")
    args = parser.parse_args()
    utterances, sexes = corpus(args.development)
    names, rng = sorted(utterances), random.Random(args.seed)
    found = false_alarms = 0
    for i in range(args.enrolments):
        target, same = names[i % len(names)], i % 2 == 0
        clean = enrol(utterances_of(utterances[target], SECONDS, rng))
        false_alarms += clean["second_voice"] is not None
        other = rng.choice([name for name in names if name != target
                            and (sexes[name] == sexes[target]) == same])
        samples, start, end = spliced(utterances[target], utterances[other],
                                      rng)
        facts = enrol(samples)
        second = facts["second_voice"]
        found += bool(second and second["start"] < end
                      and second["end"] > start)
        print(f"{target:8}  clean: {said(clean):18}  with {other:8} "
              f"({'same' if same else 'other'} sex) from {start:4.1f} to "
              f"{end:4.1f} s: {said(facts)}", flush=True)
    print(f"seed {args.seed}: the second voice found in {found} of "
          f"{args.enrolments}, one heard in {false_alarms} of "
          f"{args.enrolments} without")
    return found < args.least or false_alarms > args.most


if __name__ == "__main__":
    sys.exit(main())
