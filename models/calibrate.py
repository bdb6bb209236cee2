#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fits what turns log-odds into probabilities and writes it into a model file.

    models/calibrate.py --corpus DIR --work DIR models/resnet34se.safetensors

Voices that the network has heard score too well, so these are made of training
speakers with many utterances played at speeds that training did not use, and
a speaker's own class leaves the cohort.  Two such voices of one sex take turns;
the target is enrolled from other utterances.  The log-odds of every frame of
speech are those of the library (windows of 200 frames every 25, dense score
over 9 columns, 500 ms of look-ahead); logistic regression with both classes of
equal weight gives scale and offset; the Cllr that is printed leaves each voice
out in turn.
"""

import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F

import corpus
import modelfile
import reference
import tensorfile

WINDOW, HOP, LOOKAHEAD, COLUMNS, PER_COLUMN = 200, 25, 50, 9, 8
ENROL_FRAMES, STREAM_FRAMES, N_UTTERANCES = 2000, 2400, 10
SPEEDS = (0.84, 1.18)


def load_net(path):
    """Network, unit class rows [N, E] and record of a model file."""
    tensors, record = modelfile.read(path)
    net = reference.ResNet(record["topology"], record["frontend"]["n_bands"])
    net.load_state_dict({k: v for k, v in tensors.items()
                         if not k.startswith(("head.", "golden."))},
                        strict=False)
    return net.eval(), F.normalize(tensors["head.weight"]), record


def stages(net, windows):
    x = torch.from_numpy(np.stack(windows))
    return net.stages(x - x.mean(-1, keepdim=True))[3]


def enrol(net, utterances):
    """The row of a voice: mean direction over windows with half overlap."""
    windows = [u[:, at:at + WINDOW] for u in utterances
               for at in range(0, u.shape[1] - WINDOW + 1, WINDOW // 2)]
    embeddings = F.normalize(net.embed(net.pool(stages(net, windows))))
    return F.normalize(embeddings.sum(0), dim=0)


def dense(net, s4, row, rows, scale):
    """Log-odds [B, W] of the columns around each column of S4 [B, C, H, W]."""
    out = []
    for j in range(s4.shape[-1]):
        first = max(0, j - COLUMNS // 2)
        part = s4[..., first:j - COLUMNS // 2 + COLUMNS]
        e = F.normalize(net.embed(net.pool(part)))
        cohort = torch.logsumexp(scale * e @ rows.T, 1)
        out.append(scale * e @ row - cohort)
    return torch.stack(out, 1)


def frame_log_odds(net, stream, row, rows, scale):
    """u(t) of a stream [F, T]: weighted mean over the windows that end up to
    LOOKAHEAD + HOP after t."""
    T = stream.shape[1] // HOP * HOP
    total, weight = np.zeros(T), np.zeros(T)
    ends = list(range(WINDOW, T + 1, HOP))
    taper = 0.54 - 0.46 * np.cos(2 * np.pi * (np.arange(WINDOW) + 0.5)
                                 / WINDOW)
    place = np.clip((np.arange(WINDOW) + 0.5) / PER_COLUMN - 0.5, 0, None)
    for i in range(0, len(ends), 16):
        windows = [stream[:, end - WINDOW:end] for end in ends[i:i + 16]]
        u = dense(net, stages(net, windows), row, rows, scale).numpy()
        for end, columns in zip(ends[i:i + 16], u):
            # The first window that ends LOOKAHEAD after t is the last for t.
            begin = max(0, WINDOW - LOOKAHEAD - HOP)
            if end == WINDOW:
                begin = 0
            at = slice(end - WINDOW + begin, end)
            values = np.interp(place, np.arange(len(columns)), columns)
            total[at] += (taper * values)[begin:]
            weight[at] += taper[begin:]
    return total / np.maximum(weight, 1e-9)


def two_voices(target, other, rng):
    """A stream of turns of 3 to 5 s, levels within 3 dB; [F, T], and whose."""
    pieces, owner, at, who = [], [], [0, 0], rng.integers(2)
    voices = [np.concatenate(u, 1) for u in (target, other)]
    while sum(map(len, owner)) < STREAM_FRAMES:
        n = int(rng.integers(300, 500))
        take = (at[who] + np.arange(n)) % voices[who].shape[1]
        at[who] += n
        pieces.append(voices[who][:, take]
                      + rng.uniform(-3, 3) * corpus.DB)
        owner.append(np.full(n, who == 0))
        who = 1 - who
    return np.concatenate(pieces, 1), np.concatenate(owner)


def fit(u, is_target):
    """Scale and offset by Newton's method, both classes of equal weight."""
    x = np.stack([u, np.ones_like(u)], 1)
    weight = np.where(is_target, 0.5 / is_target.mean(),
                      0.5 / (~is_target).mean())
    w = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ w))
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x
        w -= np.linalg.solve(hessian, x.T @ (weight * (p - is_target)))
    return w


def cllr(u, is_target, w):
    llr = w[0] * u + w[1]
    return (np.log2(1 + np.exp(-llr[is_target])).mean()
            + np.log2(1 + np.exp(llr[~is_target])).mean()) / 2


def read_voices(args, frontend, speed):
    """log-Mel arrays of N_UTTERANCES by training speaker, and their sexes."""
    by_speaker = {}
    for row in corpus.read_manifest(args.corpus):
        if row["split"] == "train":
            by_speaker.setdefault(row["speaker"], []).append(row)
    table = [row for rows in by_speaker.values() if len(rows) >= N_UTTERANCES
             for row in rows[:N_UTTERANCES]]
    arrays = corpus.features(args.corpus, table, frontend, args.work, speed)
    voices = {}
    for row, array in zip(table, arrays):
        voices.setdefault(row["speaker"], []).append(array)
    return voices, {r["speaker"]: r["sex"] for r in table}


def trials(args, net, rows, record, speed):
    """(u, is_target) over the speech of one stream for each speaker."""
    voices, sexes = read_voices(args, record["frontend"], speed)
    names, out = sorted(voices), []
    rng = np.random.default_rng(args.seed)
    for name in names:
        n = np.cumsum([u.shape[1] for u in voices[name]])
        n_enrol = int(np.searchsorted(n, ENROL_FRAMES)) + 1
        own = record["head"]["classes"].index(name)
        others = rows[[j for j in range(len(rows)) if j != own]]
        target = enrol(net, voices[name][:n_enrol])
        rival = rng.choice([k for k in names
                            if k != name and sexes[k] == sexes[name]])
        stream, owner = two_voices(voices[name][n_enrol:], voices[rival], rng)
        u = frame_log_odds(net, stream, target, others, record["head"]["scale"])
        speech = corpus.speech_frames(stream)[:len(u)]
        out.append((u[speech], owner[:len(u)][speech]))
        print(f"{name} at {speed} among {rival}: log-odds {u[owner[:len(u)]].mean():.1f} "
              f"against {u[~owner[:len(u)]].mean():.1f}", flush=True)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("model", help="model file, changed in place")
    p.add_argument("--corpus", required=True, help="folder of manifest.tsv")
    p.add_argument("--work", required=True, help="cache of features")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    net, rows, record = load_net(args.model)
    with torch.no_grad():
        data = [t for speed in SPEEDS
                for t in trials(args, net, rows, record, speed)]
    w = fit(*map(np.concatenate, zip(*data)))
    left_out = [cllr(*data[i], fit(*map(np.concatenate,
                                        zip(*(data[:i] + data[i + 1:])))))
                for i in range(len(data))]
    print(f"scale {w[0]:.3f}, offset {w[1]:.3f}; Cllr {np.mean(left_out):.3f} "
          f"over {len(data)} voices, each left out")
    tensors, metadata = tensorfile.load(args.model)
    record["calibration"] = {"scale": round(float(w[0]), 4),
                             "offset": round(float(w[1]), 4)}
    metadata[modelfile.KEY] = json.dumps(record)
    tensorfile.save(args.model, tensors, metadata)


if __name__ == "__main__":
    main()
