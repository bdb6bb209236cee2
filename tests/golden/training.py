#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Training steps and training windows of models/train.py.

    tests/golden/training.py

A fused step (models/fused.c) is PyTorch's; without a compiler PyTorch takes the
step.  Windows (models/sampler.py) come from training voices only, and stretches
lie inside the part of the voice of their label: every voice of the test is a
tone of its own frequency.  Prints TAP; skips where PyTorch is missing, and the
fused step where no compiler is.
"""

import argparse
import contextlib
import csv
import io
import os
import shutil
import sys
import tempfile
import wave

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "models"),
                os.path.join(HERE, "..", "cli")]

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

import fused  # noqa: E402
import reference  # noqa: E402
import sampler  # noqa: E402
import train  # noqa: E402
from sounds import Tap  # noqa: E402

RATE = reference.FRONTEND["sample_rate"]
# (split, Hz) of each voice; further apart than the speeds of training are.
VOICES = {"a": ("train", 300), "b": ("train", 480), "c": ("dev", 770),
          "d": ("train", 1230), "e": ("open", 1970), "f": ("train", 3150),
          "g": ("closed", 5040)}
# Greatest distance of a network's values and gradients from PyTorch's in
# float32, as a multiple of that of PyTorch's step in bfloat16 (rounding adds up
# over the layers and flips ReLUs near 0), or relative.
AS_GOOD, LEAST = 1.5, 1e-3


def tiny_network():
    torch.manual_seed(2)
    topology = {**reference.TOPOLOGY, "widths": [16, 16, 32, 32],
                "blocks": [1, 2, 1, 1]}
    net = reference.ResNet(topology, 16)
    return net.to(memory_format=torch.channels_last).train()


def step(stages, net, narrow):
    """S4, gradients and batch statistics of one step of stages()."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(8, 16, 48, generator=generator)
    net.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
        s4 = stages(x)[3].float()
    pull = torch.randn(s4.shape, generator=generator)
    (s4 * pull).sum().backward()
    parts = {"S4": s4.detach()}
    for name, p in net.named_parameters():
        if p.grad is not None:
            parts[f"gradient of {name}"] = p.grad.clone()
    for name, value in net.named_buffers():
        if name.startswith("layer") and "running" in name:
            parts[name] = value.clone()
    return parts


def distance(a, b):
    return ((a - b).norm() / b.norm()).item()


def check_fused(tap, folder):
    if shutil.which("cc") is None:
        print("# no cc: the fused step is not tested")
        return
    for name, distances in fused.differences(fused.library(folder)):
        tap.check(max(distances) <= fused.TOLERANCE,
                  f"fused {name}: within {fused.TOLERANCE}", distances)
    net = tiny_network()
    stages = fused.stages(net, folder)
    tap.check(stages != net.stages and os.path.exists(f"{folder}/fused.so"),
              "fused.c is compiled into the folder that was given")
    ours = step(stages, net, True)
    net = tiny_network()
    exact = step(net.stages, net, False)
    net = tiny_network()
    rounded = step(net.stages, net, True)
    tap.check(ours.keys() == exact.keys(), "a fused step reaches every tensor",
              ours.keys() ^ exact.keys())
    for what in ("S4", "running_mean", "running_var", "gradient"):
        values, truth, plain = (torch.cat([
            part[name].flatten() for name in sorted(exact) if what in name])
            for part in (ours, exact, rounded))
        far = distance(values, truth)
        limit = max(AS_GOOD * distance(plain, truth), LEAST)
        tap.check(far <= limit, f"a fused step of a network: {what}",
                  f"{far} from float32, at most {limit}")
        print(f"# {what}: {far:.4f}, at most {limit:.4f}")


def check_without_compiler(tap, folder):
    net, path, said = tiny_network(), os.environ["PATH"], io.StringIO()
    os.environ["PATH"] = folder
    try:
        with contextlib.redirect_stdout(said):
            stages = fused.stages(net, folder)
    finally:
        os.environ["PATH"] = path
    tap.check(stages == net.stages and said.getvalue().count("\n") == 1,
              "without a compiler one line says so and PyTorch steps",
              said.getvalue())


def write_corpus(folder):
    """Two recordings of 3 s a voice."""
    rows = []
    for voice, (split, hz) in VOICES.items():
        for i in range(2):
            path = f"{voice}{i}.wav"
            sound = 0.3 * np.sin(2 * np.pi * hz * np.arange(3 * RATE) / RATE)
            with wave.open(os.path.join(folder, path), "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes((sound * 32767).astype("<i2").tobytes())
            rows.append({"path": path, "speaker": voice, "sex": "fm"[i % 2],
                         "source": "tones", "split": split, "seconds": 3})
    with open(os.path.join(folder, "manifest.tsv"), "w", newline="") as file:
        out = csv.DictWriter(file, rows[0], delimiter="\t")
        out.writeheader()
        out.writerows(rows)


class Clean:
    """A channel that changes nothing; keeps what passes."""

    heard = []

    def __init__(self, rng):
        pass

    def place(self, p):
        return p

    def carry(self, p, voices):
        return p

    def finish(self, p):
        Clean.heard.append(p)
        return np.log(p + 1)


class Voices(train.Trainer):
    """A trainer with voices and nothing else."""

    def __init__(self, folder):
        self.args = argparse.Namespace(corpus=[folder], work=folder, threads=1)
        self.recipe = {"seed": 3}
        self.read_voices()


def band_of(hz):
    tone = np.sin(2 * np.pi * hz * np.arange(RATE) / RATE) * 0.3
    return int(reference.log_mel(tone, reference.FRONTEND).mean(1).argmax())


def check_windows(tap, folder):
    write_corpus(folder)
    trainer = Voices(folder)
    taught = {name for name, (split, _) in VOICES.items() if split == "train"}
    tap.check({n.split("@")[0] for n in trainer.names[:-1]} == taught,
              "classes are the voices of the split train", trainer.names)
    bands = []
    for name in trainer.names[:-1]:
        voice, _, speed = name.partition("@")
        bands.append(band_of(VOICES[voice][1] * float(speed or 1)))
    windows, frames, columns = trainer.sampler, 120, 15
    windows.borrowed = lambda: None
    true_channel, sampler.channel.Channel = sampler.channel.Channel, Clean
    wrong, seen, two = [], set(), 0
    try:
        for k in range(3):
            Clean.heard = []
            _, labels, weights = windows.batch(k, 60, frames, columns)
            for p, pair, weight in zip(Clean.heard, labels, weights):
                two += pair[0] != pair[1]
                for label, on in zip(pair, weight):
                    if label == len(bands):
                        continue  # the class without voice
                    seen.add(label)
                    inside = np.repeat(on > 0, frames // columns)
                    loudest = p[:, inside].argmax(0)
                    if not inside.any() or (
                            abs(loudest - bands[label]) > 1).any():
                        wrong.append((trainer.names[label], bands[label],
                                      loudest.tolist()))
    finally:
        sampler.channel.Channel = true_channel
    tap.check(seen == set(range(len(bands))), "every voice at every speed is "
              "drawn", seen)
    tap.check(two > 60, "windows hold changes of speaker", two)
    tap.check(not wrong, "stretches hold the voice of their label only",
              "\n".join(map(str, wrong[:5])))
    same = [windows.batch(7, 4, frames, columns) for _ in range(2)]
    tap.check(all((a == b).all() for a, b in zip(*same)),
              "the windows of a step are the same each time")


def main():
    torch.set_num_threads(1)
    tap = Tap()
    for check in (check_fused, check_without_compiler, check_windows):
        with tempfile.TemporaryDirectory() as folder:
            check(tap, folder)
    tap.finish()


if __name__ == "__main__":
    main()
