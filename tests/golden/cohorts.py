# SPDX-License-Identifier: GPL-2.0-or-later
"""Cohorts that models/convert.py makes from recordings, for conversion.py."""

import copy
import wave

import numpy as np
import torch

import cases
import modelfile
from sounds import run


def write_wav(path, samples):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((32767 * samples).astype("<i2").tobytes())


def write_corpus(folder):
    """Three voices in two recordings each, and one that is not for training."""
    lines = ["path\tspeaker\tsplit"]
    for i, split in enumerate(("train", "train", "train", "open")):
        for k in range(2):
            path = f"voice{i}-{k}.wav"
            write_wav(f"{folder}/{path}", cases.voice(3 * i + k, 35000))
            lines.append(f"{path}\tvoice{i}\t{split}")
    with open(f"{folder}/manifest.tsv", "w") as file:
        file.write("\n".join(lines) + "\n")


def published_row(net, folder, voice):
    """Mean direction of the first two seconds of both recordings."""
    net, sum_ = copy.deepcopy(net).double(), 0
    for k in range(2):
        with wave.open(f"{folder}/voice{voice}-{k}.wav") as file:
            raw = file.readframes(file.getnframes())
        mel = net.log_mel(np.frombuffer(raw, "<i2") / 32768)[:, :200]
        with torch.no_grad():
            embedding = net(net.normalised(torch.from_numpy(mel)[None]))
        sum_ = sum_ + embedding[0] / embedding.norm()
    return (sum_ / sum_.norm()).numpy()


def check(tap, folder, nets, save, converted):
    """Recordings stand in for a head that is missing or linear.  `nets` makes
    the published networks, by their names, that are saved and converted."""
    write_corpus(folder)
    for name, net in nets.items():
        tensors = {k: v for k, v in net.state_dict().items()
                   if k != "projection.weight"}
        source, bare = f"{folder}/{name}.pt", f"{folder}/{name}.safetensors"
        model = f"{folder}/{name}-cohort.safetensors"
        voice, sound = f"{folder}/{name}.speaker", f"{folder}/voice3-0.wav"
        save(source, tensors)
        converted(source, bare)
        converted(source, model, "--cohort", folder)
        rows, record = modelfile.read(model)
        tap.check(record["head"]["classes"] == ["voice0", "voice1", "voice2"],
                  f"/convert/cohort/{name}/has-the-training-voices",
                  record["head"])
        want = np.stack([published_row(net, folder, i) for i in range(3)])
        d = np.abs(rows["head.weight"].numpy() - want).max()
        tap.check(d <= 1e-5, f"/convert/cohort/{name}/rows-agree", d)
        result = run("model", model, "--verify")
        tap.check(result.returncode == 0, f"/convert/cohort/{name}/verifies",
                  result.stderr)
        for path, word in ((bare, "linear" if name == "voxceleb"
                            else "no classes"), (model, "")):
            run("enrol", "-m", path, "-o", voice, sound)
            result = run("analyse", "-m", path, "-t", voice, sound, "--json",
                         "-")
            tap.check(result.returncode == (1 if word else 0)
                      and word in result.stderr, f"/convert/cohort/{name}/"
                      + ("needed" if word else "lets-enrolled-voices-in"),
                      result.stderr)
