#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""False alarms of the shipped models on sounds without speech: silence, tones,
noise, chords.  At most 1 % of the frames have a probability above 0.1."""

import json
import math
import os
import random
import tempfile

from sounds import RATE, Tap, run, write_wav

SECONDS = 30
SOURCE = os.environ["SALIENCY_TEST_TREE"]
MODELS = ("resnet34se", "resnet34se-small")


def silence():
    """Nothing but one click of one bit: a file of zeros is refused."""
    return [1 / 32768] + [0.0] * (SECONDS * RATE - 1)


def faint_noise():
    """The last bit of 16-bit samples."""
    noise = random.Random(1)
    return [noise.choice((-1, 0, 1)) / 32768 for _ in range(SECONDS * RATE)]


def tone():
    return [0.2 * math.sin(2 * math.pi * 440 * i / RATE)
            for i in range(SECONDS * RATE)]


def siren():
    """A tone that glides up and down within the range of voices."""
    out, phase = [], 0.0
    for i in range(SECONDS * RATE):
        hz = 300 * 2 ** math.sin(2 * math.pi * 0.4 * i / RATE)
        phase += 2 * math.pi * hz / RATE
        out.append(0.2 * math.sin(phase))
    return out


def pink_noise():
    """White noise through three one-pole filters an octave or two apart."""
    noise, state, out = random.Random(2), [0.0] * 3, []
    for _ in range(SECONDS * RATE):
        white = noise.gauss(0, 1)
        for k, pole in enumerate((0.997, 0.985, 0.95)):
            state[k] = pole * state[k] + (1 - pole) * white
        out.append(0.2 * sum(state) + 0.01 * white)
    return out


def music():
    """Chords of decaying harmonic notes, twice a second, over soft noise."""
    notes, out = random.Random(3), [0.0] * (SECONDS * RATE)
    for begin in range(0, len(out), RATE // 2):
        for key in notes.sample(range(48, 84), 3):
            hz = 440 * 2 ** ((key - 69) / 12)
            for k in range(1, 7):
                if k * hz > 7000:
                    break
                step = 2 * math.pi * k * hz / RATE
                for i in range(begin, min(begin + RATE, len(out))):
                    t = (i - begin) / RATE
                    out[i] += (0.1 / k * math.exp(-4 * t)
                               * math.sin(step * (i - begin)))
    return [x + 0.002 * notes.gauss(0, 1) for x in out]


def check(tap, folder, model, sound):
    path = f"{folder}/{sound.__name__}.wav"
    if not os.path.exists(path):
        write_wav(path, sound())
    result = run("analyse", "-m", f"{SOURCE}/models/{model}.safetensors", "-t",
                 f"{folder}/{model}.speaker", path, "--method", "none",
                 "--json", "-")
    if result.returncode != 0:
        tap.check(False, f"/cli/nobody/{model}/{sound.__name__}",
                  result.stderr)
        return
    activity = json.loads(result.stdout)["frames"]["activity"]
    above = sum(p > 0.1 for p in activity) / len(activity)
    tap.check(len(activity) > 2900 and above <= 0.01,
              f"/cli/nobody/{model}/{sound.__name__}",
              f"{100 * above:.1f} % of {len(activity)} frames above 0.1, the "
              f"highest {max(activity):.3f}")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        for model in MODELS:
            result = run("enrol", "-m",
                         f"{SOURCE}/models/{model}.safetensors", "-o",
                         f"{folder}/{model}.speaker",
                         f"{SOURCE}/examples/voices/slt.flac")
            tap.check(result.returncode == 0, f"/cli/nobody/{model}/enrol",
                      result.stderr)
            for sound in (silence, faint_noise, tone, siren, pink_noise,
                          music):
                check(tap, folder, model, sound)
    tap.finish()


if __name__ == "__main__":
    main()
