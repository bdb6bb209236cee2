# SPDX-License-Identifier: GPL-2.0-or-later
"""Sampling of training windows: voices and changes of speaker, through random
channels that do not give the voices away."""

import collections

import numpy as np

import channel
import nonvoice

TURNS = 0.75     # part of the windows that hold a change
# The class after a change of speaker: the same voice (mostly through another
# channel), the class without voice, the same voice at another speed, a voice of
# the same room or source, any voice.
RIVALS = {"same": 0.22, "nobody": 0.05, "speed": 0.1, "near": 0.43,
          "anyone": 0.2}


class Voices:
    """Which voices resemble each other.  Classes are the n voices, then the same
    voices at other speeds, and last the class without voice."""

    def __init__(self, people, seconds, n_speeds):
        """people: (source, room, sex) of each; seconds of speech of each."""
        self.n, self.n_speeds = len(people), n_speeds
        self.nobody = self.n * n_speeds
        self.near = [[] for _ in people]
        groups = collections.defaultdict(list)
        for i, (source, room, sex) in enumerate(people):
            for key in ((source, sex), (source, room, sex)):
                groups[key].append(i)
        for i, (source, room, sex) in enumerate(people):
            room = groups[source, room, sex]
            self.near[i] = room if len(room) > 1 else groups[source, sex]
        sources = sorted({source for source, _, _ in people})
        self.of_source = [[i for i, who in enumerate(people)
                           if who[0] == source] for source in sources]
        # Between one share for each source and one for each voice or second.
        weight = [(len(part) * sum(seconds[i] for i in part)) ** 0.25
                  for part in self.of_source]
        self.share = np.cumsum(weight) / np.sum(weight)
        self.sources = dict(zip(sources, np.array(weight) / np.sum(weight)))

    def anyone(self, rng):
        """A random class; every source has its share."""
        part = self.of_source[np.searchsorted(self.share, rng.random())]
        speed = rng.integers(self.n_speeds) if rng.random() < 0.6 else 0
        return part[rng.integers(len(part))] + speed * self.n

    def rival(self, rng, a):
        """The class after class a, and its kind in RIVALS."""
        kind = rng.choice(list(RIVALS), p=list(RIVALS.values()))
        if a == self.nobody or kind == "anyone":
            return self.anyone(rng), "anyone"
        if kind == "same":
            return a, kind
        if kind == "nobody":
            return self.nobody, kind
        if kind == "speed" and self.n_speeds > 1:
            shift = rng.integers(1, self.n_speeds) * self.n
            return (a + shift) % self.nobody, kind
        near = self.near[a % self.n]
        return near[rng.integers(len(near))] + a // self.n * self.n, "near"


class Sampler:
    """Windows with labels.  Every window holds one voice, or two that change
    at a random place; each comes with two stretches of S4 columns, every one
    inside a single voice's part."""

    def __init__(self, parts, labels, voices, seed):
        """parts: Recordings of each speed; labels: class of each recording,
        of all parts in a row."""
        self.voices, self.seed = voices, seed
        self.where = [(part, i) for part in parts for i in range(len(part))]
        self.by_class = [[] for _ in range(voices.nobody)]
        for index, label in enumerate(labels):
            self.by_class[label].append(index)
        self.n_bands = parts[0].colours.shape[1]

    def recording(self, label):
        """(recordings, index) of a random recording of a class."""
        mine = self.by_class[label]
        return self.where[mine[self.rng.integers(len(mine))]]

    def colour(self):
        """The mean spectrum of a random recording."""
        part, i = self.recording(self.voices.anyone(self.rng))
        return part.colours[i]

    def borrowed(self):
        """None, or the mean spectrum of another recording and the strength
        with which a voice takes it on: voices through others' channels."""
        if self.rng.random() < 0.5:
            return None
        return self.colour(), self.rng.random()

    def piece(self, label, n, borrowed=None):
        """Power [F, n] and speech flags [n] of a random stretch of this
        class; repeated from its start when the recording is shorter."""
        rng = self.rng
        if label == self.voices.nobody:
            return (np.exp(nonvoice.scene(rng, self.n_bands, n)),
                    np.ones(n, bool))
        part, i = self.recording(label)
        source, speech = part[i], part.speech[i]
        for _ in range(6):
            start = rng.integers(0, max(1, len(speech) - n + 1))
            at = (start + np.arange(n)) % len(speech)
            if speech[at].mean() > 0.5:
                break
        p = np.exp(source[:, at].astype("f4")) - 1
        if borrowed is not None:
            colour, strength = borrowed
            change = strength * (colour - part.colours[i])
            change = np.minimum(change - change.mean(), 4)
            p = p * np.exp(change)[:, None]
        return np.maximum(p, 0.01).astype("f4"), speech[at]

    def babble(self, n):
        """Power [F, n] of three to five voices at once."""
        return sum(self.piece(self.voices.anyone(self.rng), n)[0]
                   for _ in range(self.rng.integers(3, 6)))

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

    def single(self, a):
        """One voice all through: log-Mel, labels, stretches."""
        way = channel.Channel(self.rng)
        p, speech = self.piece(a, self.frames, self.borrowed())
        x = way.finish(way.carry(way.place(p), self.babble))
        return x, (a, a), ((0, self.columns),
                           self.stretch(speech, 0, self.frames))

    def turn(self, a):
        """A voice, then another, or the same voice again: log-Mel, labels,
        stretches.  Different voices mostly share one channel; the same voice
        mostly comes through two."""
        rng, T = self.rng, self.frames
        b, kind = self.voices.rival(rng, a)
        cut = rng.integers(int(0.18 * T), int(0.82 * T))
        apart = rng.random() < (0.8 if kind == "same" else 0.2)
        way = channel.Channel(rng)
        other = channel.Channel(rng) if apart else way
        colour = self.borrowed()
        pa, sa = self.piece(a, cut, colour)
        pb, sb = self.piece(b, T - cut, self.borrowed() if apart else colour)
        pa, pb = way.place(pa), other.place(pb)
        if apart:
            pa, pb = (way.carry(pa, self.babble),
                      other.carry(pb, self.babble))
        balance = channel.power(rng.normal(0, 3)) * pa.mean() / pb.mean()
        p = np.concatenate([pa, pb * np.float32(balance)], 1)
        if not apart:
            p = way.carry(p, self.babble)
        return way.finish(p), (a, b), (self.stretch(sa, 0, cut), self.stretch(
            np.concatenate([sa, sb]), cut, T))

    def window(self):
        """(x [F, T] mean-free, two labels, two stretches)."""
        rng = self.rng
        a = (self.voices.nobody if rng.random() < 0.03
             else self.voices.anyone(rng))
        x, labels, stretches = (self.turn(a) if rng.random() < TURNS
                                else self.single(a))
        return x - x.mean(1, keepdims=True), labels, stretches

    def batch(self, step, n, frames, columns):
        """Windows of T = frames of a step: x [n, F, T], labels [n, 2], column
        weights [n, 2, columns]."""
        self.rng = np.random.default_rng([self.seed, step])
        self.frames, self.columns = frames, columns
        x, labels = np.empty((n, self.n_bands, frames), "f4"), []
        weights = np.zeros((n, 2, columns), "f4")
        for i in range(n):
            x[i], pair, stretches = self.window()
            labels.append(pair)
            for k, (first, last) in enumerate(stretches):
                weights[i, k, first:last] = 1
        return x, np.asarray(labels), weights
