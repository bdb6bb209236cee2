# SPDX-License-Identifier: GPL-2.0-or-later
"""Data augmentation on Mel power: rooms, microphones, telephone lines, codecs
and noise.

Arrays are power per band, [F, T] float32, in units of samples of -32768 to
32767, without the floor that the log has.  Noise or another voice is a sum
there, a filter a gain per band, late reverberation a decaying sum over past
frames; phase is ignored, which the log-Mel hardly sees.
"""

import functools

import numpy as np

import nonvoice
import reference

CFG = reference.FRONTEND
HZ = np.arange(CFG["fft_size"] // 2 + 1) * CFG["sample_rate"] / CFG["fft_size"]
BANK = reference.mel_bank(CFG)
PREEMPHASIS = np.abs(1 - CFG["preemphasis_coefficient"]
                     * np.exp(-2j * np.pi * HZ / CFG["sample_rate"])) ** 2
# Rounding to 16 bits: 1/12 a sample, under the window's squares.
WINDOW = reference.taper(CFG["window"], CFG["window_length"])
ROUNDING = (BANK @ PREEMPHASIS * (WINDOW ** 2).sum() / 12).astype("f4")


def power(db):
    return 10 ** (0.1 * np.asarray(db))


@functools.lru_cache
def leakage():
    """Spectral leakage of the analysis window: the share of a bin's power in
    each neighbour up to six bins away."""
    spectrum = np.abs(np.fft.fft(WINDOW, CFG["fft_size"])) ** 2
    kernel = np.concatenate([spectrum[-6:], spectrum[:7]])
    return kernel / kernel.sum()


def to_bands(response):
    """Gain per band of a power response per bin."""
    seen = np.convolve(np.pad(response, 6, mode="edge"), leakage(), "valid")
    return ((BANK @ seen) / np.maximum(BANK.sum(1), 1e-9)).astype("f4")


def high_pass(hz, order):
    return 1 / (1 + (hz / np.maximum(HZ, 1.0)) ** (2 * order))


def low_pass(hz, order):
    return 1 / (1 + (HZ / hz) ** (2 * order))


def reflections(rng):
    """Power response of a few early reflections: a comb filter."""
    n = rng.integers(1, 6)
    delays = rng.exponential(0.004, n) + 0.0004
    gains = rng.uniform(0.1, 0.8, n) * rng.choice([-1, 1], n)
    waves = np.exp(-2j * np.pi * np.outer(HZ, delays))
    return np.abs(1 + waves @ gains) ** 2


def equaliser(rng, deviation):
    """A smooth random response, per band."""
    position = np.linspace(0, np.pi, len(BANK))
    orders = np.arange(1, 6)
    gain = rng.normal(0, deviation / orders) @ np.cos(
        np.outer(orders, position))
    return power(gain).astype("f4")


def telephone(rng):
    """About 300 to 3400 Hz; sometimes all that 8 kHz can hold."""
    band = low_pass(rng.uniform(3000, 3900), rng.integers(8, 30))
    if rng.random() < 0.75:
        band = band * high_pass(rng.uniform(180, 400), rng.integers(1, 5))
    return band


def microphone(rng):
    """Gain per band of a microphone and its amplifier."""
    response = np.ones_like(HZ)
    if rng.random() < 0.4:
        response = response * high_pass(rng.uniform(40, 200),
                                        rng.integers(1, 5))
    if rng.random() < 0.15:
        response = response * low_pass(rng.uniform(1000, 6000), 1)
    if rng.random() < 0.2:
        response = response * low_pass(rng.uniform(3800, 7800),
                                       rng.integers(8, 40))
    gain = to_bands(response)
    return gain * equaliser(rng, 2.5) if rng.random() < 0.6 else gain


class Room:
    """Reverberation that voices of a window share; where each stands is its
    own."""

    def __init__(self, rng):
        self.t60 = rng.uniform(0.15, 0.8)
        self.most, self.least = rng.uniform(0, 15), rng.uniform(-6, 6)

    def tail(self, n):
        """Late power of each frame from those before it, [T, T]."""
        decay = 10 ** (-6 * 0.01 / self.t60)
        age = np.arange(n)[None] - np.arange(n)[:, None]
        return np.where(age > 0, (1 - decay) * decay ** (age - 1.0),
                        0).astype("f4")

    def __call__(self, rng, p):
        late = power(-rng.uniform(self.least, max(self.least, self.most)))
        # Of a reverberant sound, a band holds the more independent ones the
        # wider it is: a gain that is even for wide bands only.
        n = np.maximum(1.5, np.diff(HZ[[0, -1]])[0] / len(BANK)
                       * BANK.sum(1) / BANK.sum(1).mean() * self.t60 / 4)
        uneven = (rng.gamma(n) / n)[:, None].astype("f4")
        early = to_bands(reflections(rng))[:, None]
        return early * p + np.float32(late) * uneven * (p @ self.tail(
            p.shape[1]))


@functools.lru_cache
def hums(n=48, seconds=3):
    """Mains hum with harmonics, power of each [F, T], as loud as a full-scale
    sine of the mains' frequency."""
    rng = np.random.default_rng(5)
    t = np.arange(seconds * CFG["sample_rate"]) / CFG["sample_rate"]
    out = []
    for i in range(n):
        mains = (50, 60)[i % 2] + rng.normal(0, 0.05)
        slope = rng.uniform(1, 12)
        sound = np.zeros_like(t)
        for k in range(1, 1 if i % 4 == 3 else rng.integers(2, 24)):
            level = -slope * np.log2(k) + rng.normal(0, 6) * (k > 1)
            sound += power(level / 2) * np.sin(
                2 * np.pi * (k * mains * t + rng.random()))
        if i % 4 == 3:
            sound = np.sin(2 * np.pi * mains * t)
        out.append(np.exp(reference.log_mel(sound, CFG)).astype("f4"))
    return out


def hum(rng, n):
    """Hum of -65 to -15 dBFS, power [F, n]."""
    source = hums()[rng.integers(len(hums()))]
    begin = rng.integers(source.shape[1] - n + 1)
    return source[:, begin:begin + n] * np.float32(
        power(rng.uniform(-65, -15)))


def companded(rng, p):
    """Eight bits of A-law: noise some 37 dB below each frame, white."""
    plain = (p / to_bands(PREEMPHASIS)[:, None]).sum(0)
    shape = BANK @ (PREEMPHASIS * low_pass(3900, 20))
    shape = shape / (BANK @ low_pass(3900, 20)).sum()
    level = power(-rng.uniform(33, 39))
    return p + np.outer(shape, plain * level).astype("f4")


def coded(rng, p):
    """A codec of few bits: bands that waver, faint ones that are dropped."""
    wavering = rng.normal(0, rng.uniform(0.5, 3), p.shape)
    p = p * power(wavering).astype("f4")
    loudest = p.max(0) * np.float32(power(-rng.uniform(25, 50)))
    return np.where(p < loudest, p * np.float32(power(-rng.uniform(3, 20))), p)


def noise(rng, shape):
    """Stationary, of a random colour; or music or knocks."""
    if rng.random() < 0.75:
        return np.exp(nonvoice.coloured(rng, shape)).astype("f4")
    return np.exp(nonvoice.stored(rng, shape[1]))


def with_noise(p, other, snr):
    return p + other * np.float32(p.mean() / other.mean() / power(snr))


def lost(rng, p):
    """Lost packets of 20 ms, as silence."""
    part = rng.choice([0.02, 0.05, 0.1])
    gone = np.repeat(rng.random(p.shape[1] // 2 + 1) < part, 2)[:p.shape[1]]
    return np.where(gone, 0, p).astype("f4")


class Channel:
    """A random way from voices to log-Mel, in three steps: place() for every
    voice, carry() for their sum, and finish()."""

    def __init__(self, rng):
        self.rng = rng
        self.room = Room(rng) if rng.random() < 0.35 else None
        self.snr = (rng.uniform(0, 30) if rng.random() < 0.65 else None)
        self.babble = rng.random() < 0.3
        self.gain = microphone(rng)[:, None]
        self.narrow = (to_bands(telephone(rng))[:, None]
                       if rng.random() < 0.2 else None)

    def place(self, p):
        return self.room(self.rng, p) if self.room else p

    def carry(self, p, voices):
        """voices: makes babble of a length, when asked."""
        rng, shape = self.rng, p.shape
        if self.snr is not None:
            other = (voices(shape[1]) if self.babble
                     else noise(rng, shape))
            p = with_noise(p, other, max(self.snr, 3) if self.babble
                           else self.snr)
        p = p * self.gain
        if rng.random() < 0.15:
            p = p + hum(rng, shape[1])
        if self.narrow is not None:
            p = p * self.narrow
            if rng.random() < 0.4:
                p = companded(rng, p)
        if rng.random() < 0.15:
            p = coded(rng, p)
        return p

    def finish(self, p):
        """log-Mel."""
        rng = self.rng
        low = -40 if rng.random() < 0.4 else -15
        p = p * np.float32(power(rng.uniform(low, 5)))
        if rng.random() < 0.5:
            p = p + ROUNDING[:, None]
        if rng.random() < 0.04:
            p = lost(rng, p)
        x = np.log(p + 1)
        if rng.random() < 0.15:
            width = rng.integers(1, 9)
            start = rng.integers(0, x.shape[0] - width)
            x[start:start + width] = x.mean()
        return x
