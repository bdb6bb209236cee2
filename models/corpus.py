# SPDX-License-Identifier: GPL-2.0-or-later
"""The corpus as log-Mel arrays, and training windows drawn from it.

Features are computed once and cached.  All augmentation happens in the Mel
power domain, where adding noise or another voice is a sum, an equaliser is a
gain per band and late reverberation is a decaying sum over past frames; phase
is ignored, which the log-Mel hardly sees.
"""

import csv
import hashlib
import json
import os
import subprocess
import wave

import numpy as np

import nonvoice
import reference
from nonvoice import DB


def read_manifest(root):
    with open(os.path.join(root, "manifest.tsv"), newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def development(rows):
    """Names of the speakers that decisions are made on and calibration is
    fitted on: every second one with a minute of speech, and, as other voices,
    every sixteenth of the rest.  Training leaves them out."""
    seconds, sexes = {}, {}
    for row in rows:
        name = row["speaker"]
        seconds[name] = seconds.get(name, 0) + float(row["seconds"])
        sexes[name] = row["sex"]
    chosen = set()
    for sex in "fm":
        names = sorted(n for n in seconds if sexes[n] == sex)
        chosen.update([n for n in names if seconds[n] >= 60][::2])
        chosen.update([n for n in names if seconds[n] < 60][::16])
    return chosen


def read_wav(path):
    """PCM in [-1, 1] of a 16-bit file at 16 kHz, mono."""
    with wave.open(path) as file:
        form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
        if form != (16000, 1, 2):
            raise ValueError(f"{path}: {form[0]} Hz, {form[1]} channels, "
                             f"{8 * form[2]} bits, not 16000, 1, 16")
        return np.frombuffer(file.readframes(file.getnframes()),
                             "<i2") / 32768.0


def decode(path):
    """PCM in [-1, 1] at 16 kHz, mono, of a WAV file, or through opusdec."""
    if path.endswith(".wav"):
        return read_wav(path)
    raw = subprocess.run(
        ["opusdec", "--quiet", "--rate", "16000", "--no-dither", path, "-"],
        check=True, capture_output=True).stdout
    data = raw[raw.index(b"data") + 8:] if raw[:4] == b"RIFF" else raw
    return np.frombuffer(data[:len(data) // 2 * 2], "<i2") / 32768.0


def at_speed(samples, speed):
    """The sound played at another speed, pitch and all: a different voice."""
    n = int(len(samples) / speed)
    spectrum = np.fft.rfft(samples)
    return np.fft.irfft(spectrum[:n // 2 + 1], n) / speed


def features(root, rows, frontend, cache, speed=1.0):
    """log-Mel float32 [F, T] of every row, in order, cached in one file."""
    key = json.dumps([frontend, [r["path"] for r in rows], speed],
                     sort_keys=True)
    name = hashlib.sha1(key.encode()).hexdigest()[:12]
    path = os.path.join(cache, f"logmel-{name}.npz")
    if not os.path.exists(path):
        arrays = {}
        for i, row in enumerate(rows):
            samples = decode(os.path.join(root, row["path"]))
            if speed != 1:
                samples = at_speed(samples, speed)
            arrays[str(i)] = reference.log_mel(samples, frontend).astype("f4")
            if i % 100 == 99:
                print(f"features {i + 1}/{len(rows)}, speed {speed}",
                      flush=True)
        os.makedirs(cache, exist_ok=True)
        np.savez(path + ".tmp.npz", **arrays)
        os.replace(path + ".tmp.npz", path)
    with np.load(path) as archive:
        return [archive[str(i)] for i in range(len(rows))]


def speech_frames(log_mel):
    """Frames within 30 dB of the loud ones, bool [T]."""
    level = np.logaddexp.reduce(log_mel, 0)
    return level > np.percentile(level, 95) - 30 * DB


class Sampler:
    """Windows with labels for training.  Every window holds one voice, or
    two that change at a random place; each comes with two stretches of S4
    columns, every one inside a single voice's part.

    Classes are n_voices voices, then the same voices at other speeds, then,
    last, what is no voice; sexes has one entry a voice."""

    def __init__(self, arrays, labels, sexes, turns, seed):
        self.arrays, self.labels = arrays, np.asarray(labels)
        self.speech = [speech_frames(a) for a in arrays]
        self.colours = [a[:, s].mean(1) for a, s in zip(arrays, self.speech)]
        self.n_classes, self.n_voices = self.labels.max() + 1, len(sexes)
        self.by_class = [np.flatnonzero(self.labels == c)
                         for c in range(self.n_classes)]
        self.by_sex = {sex: [c for c in range(self.n_classes)
                             if sexes[c % self.n_voices] == sex]
                       for sex in set(sexes)}
        self.sexes, self.n_bands = sexes, arrays[0].shape[0]
        self.turns, self.favoured = turns, []
        self.reseed(seed)

    def favour(self, classes):
        """Let a third of the windows begin with one of these."""
        self.favoured = classes

    def reseed(self, seed):
        self.rng = np.random.default_rng(seed)

    def rival(self, a):
        """The voice after the change: often one of the same sex, sometimes
        the same recordings at another speed, so that the channel does not
        give it away, sometimes the same voice through another channel."""
        rng, kind = self.rng, self.rng.random()
        if a == self.n_classes:
            return rng.integers(self.n_classes)
        if kind < 0.05:
            return self.n_classes
        if kind < 0.1:
            return a
        if kind < 0.25 and self.n_classes > self.n_voices:
            shift = rng.integers(1, self.n_classes // self.n_voices)
            return (a + shift * self.n_voices) % self.n_classes
        if kind < 0.65:
            return rng.choice(self.by_sex[self.sexes[a % self.n_voices]])
        return rng.integers(self.n_classes)

    def piece(self, label, n, colour=None, strength=0.0):
        """ln power [F, n] and speech flags [n] of a random stretch of this
        speaker; repeated from its start when the utterance is shorter.  Its
        average spectrum is drawn towards `colour` [F], level apart."""
        rng = self.rng
        if label == self.n_classes:
            return nonvoice.scene(rng, self.n_bands, n), np.ones(n, bool)
        index = rng.choice(self.by_class[label])
        source, speech = self.arrays[index], self.speech[index]
        for _ in range(6):
            start = rng.integers(0, max(1, source.shape[1] - n + 1))
            at = (start + np.arange(n)) % source.shape[1]
            if speech[at].mean() > 0.5:
                break
        x = source[:, at]
        if colour is not None:
            change = strength * (colour - self.colours[index])
            x = x + (change - change.mean())[:, None]
        return x, speech[at]

    def borrowed(self):
        """The average spectrum of some recording, for half of the windows,
        and how strongly to take it on: voices through others' channels."""
        rng = self.rng
        if rng.random() < 0.5:
            return None, 0.0
        return self.colours[rng.integers(len(self.colours))], rng.random()

    def coloured(self, x):
        """A random smooth channel response of a few dB."""
        rng, n = self.rng, x.shape[0]
        position = np.linspace(0, np.pi, n)
        orders = np.arange(1, 6)
        gain = rng.normal(0, 2.5 / orders) @ np.cos(np.outer(orders, position))
        return x + (gain * DB)[:, None].astype("f4")

    def reverberant(self, x):
        """Adds late reverberation: an exponential decay of past power."""
        rng = self.rng
        t60 = rng.uniform(0.15, 0.7)
        decay = 10 ** (-6 * 0.01 / t60)
        gain = 10 ** (-rng.uniform(0, 15) / 10) * (1 - decay)
        power, tail = np.exp(x), np.zeros(x.shape[0])
        for t in range(x.shape[1]):
            late = tail * decay
            tail = late + power[:, t]
            power[:, t] += gain * late
        return np.log(power)

    def noisy(self, x):
        """Adds stationary noise of a random colour, or babble."""
        rng = self.rng
        if rng.random() < 0.35:
            voices = [self.piece(rng.integers(len(self.by_class)),
                                 x.shape[1])[0]
                      for _ in range(rng.integers(3, 6))]
            noise, snr = np.logaddexp.reduce(voices, 0), rng.uniform(5, 25)
        else:
            noise, snr = nonvoice.coloured(rng, x.shape), rng.uniform(0, 25)
        level = np.logaddexp.reduce
        gain = level(x, None) - level(noise, None) - snr * DB
        return np.logaddexp(x, noise + gain)

    def band_limited(self, x):
        """Telephone and low-rate codecs: what is above 3 to 7 kHz falls
        away, often with what is below 300 Hz."""
        rng, n = self.rng, x.shape[0]
        loss = np.maximum(0, np.arange(n) - rng.uniform(0.6, 0.95) * n) * 6.0
        if rng.random() < 0.5:
            loss += np.maximum(0, rng.uniform(0, 0.14) * n - np.arange(n)) * 4
        return np.logaddexp(x - (loss * DB)[:, None], 0)

    def augmented(self, x):
        rng = self.rng
        if rng.random() < 0.3:
            x = self.reverberant(x)
        if rng.random() < 0.75:
            x = self.noisy(x)
        if rng.random() < 0.15:
            x = self.band_limited(x)
        x = np.logaddexp(x + rng.uniform(-20, 5) * DB, 0)
        if rng.random() < 0.3:
            width = rng.integers(1, 9)
            start = rng.integers(0, x.shape[0] - width)
            x[start:start + width] = x.mean()
        return x

    def stretch(self, speech, begin, end):
        """Columns [first, last) of a stretch inside frames [begin, end),
        one column away from a cut, mostly speech."""
        rng, per = self.rng, self.frames / self.columns
        low = 0 if begin == 0 else int(np.ceil(begin / per)) + 1
        high = (self.columns if end == self.frames
                else int(np.floor(end / per)) - 1)
        low, high = min(low, self.columns - 2), max(high, low + 2)
        best = (low, high)
        for _ in range(6):
            length = rng.integers(min(4, high - low), high - low + 1)
            first = rng.integers(low, high - length + 1)
            frames = slice(int(first * per), int((first + length) * per))
            if speech[frames].mean() > 0.6:
                return first, first + length
        return best

    def window(self):
        """(x [F, T] mean-free, two labels, two stretches)."""
        rng, T = self.rng, self.frames
        a = rng.integers(self.n_classes)
        if self.favoured and rng.random() < 1 / 3:
            a = rng.choice(self.favoured)
        if rng.random() < 0.03:
            a = self.n_classes
        if rng.random() >= self.turns:
            x, speech = self.piece(a, T, *self.borrowed())
            x = self.coloured(x)
            labels = (a, a)
            stretches = ((0, self.columns), self.stretch(speech, 0, T))
        else:
            b = self.rival(a)
            cut = rng.integers(int(0.18 * T), int(0.82 * T))
            channel = self.borrowed()
            xa, sa = self.piece(a, cut, *channel)
            xb, sb = self.piece(b, T - cut, *channel)
            if rng.random() < 0.5:
                xa, xb = self.coloured(xa), self.coloured(xb)
            shift = rng.normal(0, 3) * DB
            shift += np.log(np.exp(xa).mean() / np.exp(xb).mean())
            x = np.concatenate([xa, xb + shift], 1)
            speech = np.concatenate([sa, sb])
            labels = (a, b)
            stretches = (self.stretch(speech, 0, cut),
                         self.stretch(speech, cut, T))
        x = self.augmented(x)
        return x - x.mean(1, keepdims=True), labels, stretches

    def batch(self, n, frames, columns):
        """Windows of T = frames: x [n, F, T], labels [n, 2], column weights
        [n, 2, columns]."""
        self.frames, self.columns = frames, columns
        x, labels, weights = [], [], np.zeros((n, 2, self.columns), "f4")
        for i in range(n):
            window, pair, stretches = self.window()
            x.append(window)
            labels.append(pair)
            for k, (first, last) in enumerate(stretches):
                weights[i, k, first:last] = 1
        return np.stack(x).astype("f4"), np.asarray(labels), weights
