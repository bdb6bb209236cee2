#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations of two voices never trained on, each through a live pipeline
in real time and through `speakersaliency mask`; prints by how many dB each
voice was changed, and by how much live differs.

    tests/corpus/live.py [--streams N] [--parallel N] [--model FILE]

Needs what mixes.py needs; the conversations are made as there.  Fails if kept
or removed differ by more than the margin (0.5 dB) in any stream, as they do
where the machine is so busy that stretches are late.  Exit code 77: skipped.
"""

import argparse
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import tempfile

from mixes import MIX_SECONDS, corpus_rows, make_mix


def enrol(folder, name, model):
    subprocess.run(["speakersaliency", "enrol", "-o", f"{folder}/t.speaker",
                    "--name", name, "--model", model, f"{folder}/enrol.wav"],
                   check=True, stdout=subprocess.DEVNULL)


def play_live(folder, model):
    """Sound comes as from a microphone, 10 ms at a time, and waits for
    nothing; returns how many stretches were late."""
    said = subprocess.run(
        ["gst-launch-1.0", "-m", "filesrc", f"location={folder}/mix.wav", "!",
         "wavparse", "!", "audiomixer", "output-buffer-duration=10000000", "!",
         "identity", "sync=true", "!", "speakersaliency", f"model={model}",
         f"target={folder}/t.speaker", "method=none", "mask=time",
         "processing=async", "!", "wavenc", "!", "filesink",
         f"location={folder}/live.wav"], check=True, capture_output=True)
    return said.stdout.count(b"late=(boolean)true")


def mask_offline(folder, model):
    subprocess.run(
        ["speakersaliency", "mask", "--model", model, "--target",
         f"{folder}/t.speaker", "-o", f"{folder}/offline.wav",
         f"{folder}/mix.wav"], check=True, stdout=subprocess.DEVNULL)


def compare(folder, output, name):
    """By how many dB the target and the others were changed."""
    result = json.loads(subprocess.run(
        ["speakersaliency", "compare", f"{folder}/mix.wav",
         f"{folder}/{output}", "--turns", f"{folder}/turns.tsv", "--target",
         name, "--json"], check=True, capture_output=True).stdout)
    return result["target_change_db"], result["others_change_db"]


def run_stream(job):
    number, folder, voices, model = job
    enrol(folder, voices[0], model)
    mask_offline(folder, model)
    n_late = play_live(folder, model)
    live = compare(folder, "live.wav", voices[0])
    offline = compare(folder, "offline.wav", voices[0])
    return number, voices, n_late, live, offline


def make_jobs(root, n_streams, model, seed):
    utterances, rng = corpus_rows(), random.Random(seed)
    names = sorted(utterances)
    for i in range(n_streams):
        voices = [names[i % len(names)]]
        voices.append(rng.choice([n for n in names if n != voices[0]]))
        folder = f"{root}/{i + 1}"
        os.mkdir(folder)
        make_mix(folder, voices, utterances, rng)
        yield i + 1, folder, voices, model


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--parallel", type=int, default=os.cpu_count(),
                        help="streams at a time (one for each processor)")
    parser.add_argument("--model", default=f"{here}/../../models/"
                        "resnet34se-small.safetensors")
    parser.add_argument("--margin", type=float, default=0.5, help="dB")
    parser.add_argument("--seed", type=int, default=2022)
    args = parser.parse_args()
    worst = 0.0
    print("                         live: kept  removed  late   "
          "offline: kept  removed   difference dB")
    with tempfile.TemporaryDirectory() as root, \
            concurrent.futures.ThreadPoolExecutor(args.parallel) as pool:
        jobs = list(make_jobs(root, args.streams, args.model, args.seed))
        for number, voices, n_late, live, offline in pool.map(run_stream,
                                                              jobs):
            difference = max(abs(a - b) for a, b in zip(live, offline))
            worst = max(worst, difference)
            print(f"{number:3}  {voices[0]:8}  {voices[1]:8}  {live[0]:9.2f}  "
                  f"{live[1]:7.2f}  {n_late:4}   {offline[0]:13.2f}  "
                  f"{offline[1]:7.2f}   {difference:13.2f}", flush=True)
    print(f"seed {args.seed}: {args.streams} streams of {MIX_SECONDS} s, live "
          f"and offline differ by {worst:.2f} dB at most")
    return worst > args.margin


if __name__ == "__main__":
    sys.exit(main())
