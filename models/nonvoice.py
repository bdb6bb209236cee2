# SPDX-License-Identifier: GPL-2.0-or-later
"""Sounds that are nobody's voice, as ln power per Mel band: a class of its own
for training, so that what is no speech resembles no speaker."""

import functools

import numpy as np

import reference

DB = np.log(10.0) / 10.0  # one dB of power, in nepers of ln power
NAME = "(no voice)"


@functools.lru_cache
def white(seconds=60):
    """ln power of white noise, each band about 0: how noise truly moves."""
    cfg = reference.FRONTEND
    samples = np.random.default_rng(0).normal(
        0, 0.1, seconds * cfg["sample_rate"])
    bands = reference.log_mel(samples, cfg)
    return (bands - bands.mean(1, keepdims=True)).astype("f4")


def coloured(rng, shape):
    """Stationary noise with a smooth random spectrum."""
    n_bands, n = shape
    source = white()
    begin = rng.integers(source.shape[1] - n)
    position = np.linspace(0, np.pi, n_bands)
    orders = np.arange(1, 6)
    gain = rng.normal(0, 4 / orders) @ np.cos(np.outer(orders, position))
    tilt = np.linspace(0, rng.uniform(-25, 12), n_bands)
    return source[:, begin:begin + n] + ((gain + tilt) * DB)[:, None]


def notes(rng, shape):
    """Music-like: chords of harmonic tones that change from time to time."""
    n_bands, n = shape
    out = np.full(shape, rng.uniform(-60, -30) * DB)
    out += rng.normal(0, 1, shape)
    bands = np.arange(n_bands)
    begin = 0
    while begin < n:
        length = int(rng.integers(8, 120))
        t = np.arange(length)[:n - begin]
        decay = rng.choice([0.0, rng.uniform(0.05, 0.6)])
        for _ in range(rng.integers(1, 4)):
            f0 = 2 ** rng.uniform(np.log2(60), np.log2(1500))
            slope = rng.uniform(0, 12)
            for k in range(1, rng.integers(2, 20)):
                mel = 2595 * np.log10(1 + k * f0 / 700)
                place = mel / 2840 * n_bands - 0.5
                level = -slope * np.log2(k) - 15 * np.abs(bands - place)
                level = np.maximum(level, -50)[:, None] - decay * t
                part = out[:, begin:begin + length]
                part[:] = np.logaddexp(part, level * DB)
        begin += length
    return out


def bursts(rng, shape):
    """Clicks and knocks over a noise floor."""
    out = coloured(rng, shape) - rng.uniform(10, 40) * DB
    at = 0
    while at < shape[1]:
        decay = np.arange(shape[1] - at) * rng.uniform(0.5, 4)
        colour = rng.normal(0, 4, shape[0])[:, None]
        out[:, at:] = np.logaddexp(out[:, at:], (colour - decay) * DB)
        at += int(rng.integers(5, 100))
    return out


def music(rng, shape):
    """Several instruments at once, often with a beat."""
    parts = [notes(rng, shape) for _ in range(rng.integers(1, 5))]
    if rng.random() < 0.5:
        parts.append(bursts(rng, shape))
    parts = [part + rng.normal(0, 4) * DB - np.log(np.exp(part).mean())
             for part in parts]
    return np.log(np.exp(parts).sum(0))


@functools.lru_cache
def store(n=240, length=500):
    """Music and knocks, ln power of mean 0 dB, float16 [F, T] each: they
    take too long to make anew for each window."""
    rng = np.random.default_rng(11)
    out = []
    for i in range(n):
        kind = (notes, music, music, bursts)[i % 4]
        part = kind(rng, (reference.FRONTEND["n_bands"], length))
        out.append((part - np.log(np.exp(part).mean())).astype("f2"))
    return out


def stored(rng, n):
    """A part of one of these, at another pitch of up to three bands."""
    part = store()[rng.integers(len(store()))]
    begin = rng.integers(part.shape[1] - n)
    part = part[:, begin:begin + n].astype("f4")
    return np.roll(part, rng.integers(-3, 4), 0)


def scene(rng, n_bands, n):
    """ln power [n_bands, n] of one of them, from faint to loud, float32."""
    out = (coloured(rng, (n_bands, n)) if rng.random() < 0.35
           else stored(rng, n))
    level = rng.uniform(3, 17)  # of samples in -32768..32767
    return (out + level - np.log(np.exp(out).mean())).astype("f4")
