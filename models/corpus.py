# SPDX-License-Identifier: GPL-2.0-or-later
"""Corpora: folders of recordings with a manifest, their splits, and log-Mel
arrays, which are computed once and cached.
"""

import csv
import hashlib
import json
import multiprocessing
import os
import subprocess
import wave

import numpy as np

import reference
from nonvoice import DB

# One room and microphone for all of its voices, where no column says so.
ROOMS = {"vctk"}


def read_manifest(root):
    """Rows as they are written."""
    with open(os.path.join(root, "manifest.tsv"), newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read_corpora(roots):
    """Rows of several corpora with absolute paths and a room each; a source
    ends at its first slash."""
    rows = []
    for root in roots:
        for row in read_manifest(root):
            source = row["source"].split("/")[0]
            room = row.get("room") or (source if source in ROOMS
                                       else row["speaker"])
            rows.append({**row, "source": source, "room": room,
                         "path": os.path.abspath(os.path.join(root,
                                                              row["path"]))})
    return rows


def set_aside(rows, least=4):
    """Paths of recordings of training voices that are kept to test on: the
    last one of every voice with so many in a corpus that has no split of
    that kind."""
    tested = {row["source"] for row in rows if row["split"] == "closed"}
    by_voice = {}
    for row in rows:
        if row["split"] == "train" and row["source"] not in tested:
            by_voice.setdefault(row["speaker"], []).append(row["path"])
    return {max(paths) for paths in by_voice.values() if len(paths) >= least}


def development(rows):
    """Names of the speakers that decisions are made on and calibration is
    fitted on: every second one with a minute of speech, and, as other voices,
    every sixteenth of the rest.  The stages small-dev and full-dev of the
    networks that ship left these speakers out (models/train.py at revision
    5f603cb); models/train.py as it is now does not."""
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


def speech_frames(log_mel):
    """Frames within 30 dB of the loud ones, bool [T]."""
    level = np.log(np.exp(log_mel.astype("f4")).sum(0))
    return level > np.percentile(level, 95) - 30 * DB


def extract(job):
    """log-Mel float16 [T, F], speech [T] and the mean spectrum of speech [F]
    of a file at a speed."""
    path, frontend, speed = job
    samples = decode(path)
    if speed != 1:
        samples = at_speed(samples, speed)
    log_mel = reference.log_mel(samples, frontend).astype("f4")
    speech = speech_frames(log_mel)
    return (log_mel.T.astype("f2"), speech, log_mel[:, speech].mean(1))


class Recordings:
    """log-Mel of files at one speed, on disk: recordings[i] is [F, T],
    speech[i] bool [T], colours[i] the mean of speech [F]."""

    def __init__(self, path):
        with np.load(path + ".npz") as index:
            self.starts = index["starts"]
            speech, self.colours = index["speech"], index["colours"]
        self.speech = np.split(speech, self.starts[1:-1])
        n_bands = self.colours.shape[1]
        self.frames = np.memmap(path + ".f16", "f2", "r").reshape(-1, n_bands)

    def __len__(self):
        return len(self.starts) - 1

    def __getitem__(self, i):
        return self.frames[self.starts[i]:self.starts[i + 1]].T


def features(rows, frontend, cache, speed=1.0, jobs=2):
    """Recordings of the rows, in order."""
    key = json.dumps([frontend, [r["path"] for r in rows], speed],
                     sort_keys=True)
    name = hashlib.sha1(key.encode()).hexdigest()[:12]
    path = os.path.join(cache, f"logmel-{name}")
    if not os.path.exists(path + ".npz"):
        os.makedirs(cache, exist_ok=True)
        work = [(row["path"], frontend, speed) for row in rows]
        lengths, speech, colours = [], [], []
        with multiprocessing.Pool(jobs) as pool, open(path + ".f16",
                                                      "wb") as file:
            for i, part in enumerate(pool.imap(extract, work, 8)):
                file.write(part[0].tobytes())
                lengths.append(len(part[0]))
                speech.append(part[1])
                colours.append(part[2])
                if i % 500 == 499:
                    print(f"features {i + 1}/{len(rows)}, speed {speed}",
                          flush=True)
        np.savez(path + ".tmp.npz", starts=np.cumsum([0, *lengths]),
                 speech=np.concatenate(speech), colours=np.stack(colours))
        os.replace(path + ".tmp.npz", path + ".npz")
    return Recordings(path)
