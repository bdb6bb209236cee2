#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Speaker verification across channels: how far a network takes a room or a
channel for the voice.

    models/channels.py --corpus DIR [--corpus DIR2] FILE...

FILE is a model file or a checkpoint of models/train.py.  Recordings of the
voices of a split go through telephone, filters, hum, a room and noise as
samples (training changes Mel power instead), and are cut into pieces of 2 s.
Printed for each source, by cosines of embeddings without a mean subtracted:

    own     of pieces of one voice, of different recordings if there are any
    others  of pieces of two voices of one source and room, of one sex where
            that is known
    EER     equal error rate of own against others

where both pieces of a pair went through a condition, and where one is clean.
"""

import argparse
import collections
import os
import sys

import requirements

requirements.need("numpy", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

import corpus  # noqa: E402
import modelfile  # noqa: E402
import reference  # noqa: E402

RATE, FRAMES = 16000, 200
HEARD = " (heard)"  # marks development voices, known to shipped models


def response(samples, gain):
    """Filtered by gain(f), complex or real, without wrapping around."""
    n = 1 << (len(samples) + RATE // 2 - 1).bit_length()
    hz = np.fft.rfftfreq(n, 1 / RATE)
    return np.fft.irfft(np.fft.rfft(samples, n) * gain(hz), n)[:len(samples)]


def level(samples):
    """RMS of its louder half."""
    blocks = samples[:len(samples) // 400 * 400].reshape(-1, 400)
    energy = np.sort((blocks ** 2).mean(1))
    return np.sqrt(energy[len(energy) // 2:].mean())


def band(low, high, width):
    def gain(hz):
        up = np.clip((hz - low) / width + 0.5, 0, 1) if low else 1
        return up * np.clip((high - hz) / width + 0.5, 0, 1)
    return gain


def telephone(x, rng):
    return response(x, band(300, 3400, 100))


def a_law(x, rng):
    """8 kHz, eight bits of A-law."""
    narrow = np.clip(response(x, band(0, 3800, 200)), -1, 1)
    a = 87.6
    loud = np.abs(narrow)
    y = np.where(loud < 1 / a, a * loud, 1 + np.log(np.maximum(a * loud, 1)))
    y = np.round(y / (1 + np.log(a)) * 127) / 127 * (1 + np.log(a))
    z = np.where(y < 1, y / a, np.exp(y - 1) / a) * np.sign(narrow)
    return response(z, band(0, 3900, 100))


def high_pass(x, rng):
    """Second order, 100 Hz, twice."""
    def gain(hz):
        s = 1j * hz / 100
        return (s ** 2 / (s ** 2 + np.sqrt(2) * s + 1)) ** 2
    return response(x, gain)


def hum(x, rng):
    """50 Hz at -40 dBFS, two harmonics below it."""
    t = np.arange(len(x)) / RATE
    return x + 0.01 * np.sqrt(2) * sum(
        10 ** (-0.3 * k) * np.sin(2 * np.pi * 50 * (k + 1) * t + k)
        for k in range(3))


def room(t60, direct_db):
    def apply(x, rng):
        t = np.arange(int(1.2 * t60 * RATE)) / RATE
        tail = rng.standard_normal(len(t)) * 10 ** (-3 * t / t60)
        tail[:int(0.002 * RATE)] = 0
        tail *= 10 ** (-direct_db / 20) / np.sqrt((tail ** 2).sum())
        tail[0] = 1
        n = 1 << (len(x) + len(tail)).bit_length()
        return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(tail, n),
                            n)[:len(x)]
    return apply


def noise(x, rng):
    """Pink, 10 dB below the speech."""
    pink = response(rng.standard_normal(len(x)),
                    lambda hz: 1 / np.sqrt(np.maximum(hz, 20)))
    return x + pink * level(x) / np.sqrt((pink ** 2).mean()) / np.sqrt(10)


def quiet(x, rng):
    return np.round(x * 10 ** (-25 / 20) * 32768) / 32768


CONDITIONS = {"clean": lambda x, rng: x, "telephone": telephone,
              "A-law": a_law, "high-pass": high_pass, "hum": hum,
              "room .2 s": room(0.2, 6), "room .4 s": room(0.4, 0),
              "noise 10 dB": noise, "quiet": quiet}


def chosen(roots, split):
    """Rows of a split, and of corpora without it, if it is dev, those of the
    development voices."""
    rows = []
    for root in roots:
        mine = corpus.read_corpora([root])
        part = [r for r in mine if r["split"] == split]
        if not part and split == "dev":
            train = [r for r in mine if r["split"] == "train"]
            names = corpus.development(train)
            part = [{**r, "source": r["source"] + HEARD} for r in train
                    if r["speaker"] in names]
        rows += part
    return rows


def pieces(rows, most):
    """Windows [n, F, T] float16 by condition, and a label for each piece:
    (source, room, sex, voice, recording); at most so many of a voice."""
    windows = {name: [] for name in CONDITIONS}
    labels, count = [], collections.Counter()
    for k, row in enumerate(rows):
        count[row["speaker"]] += 1
        share = -(-most // sum(r["speaker"] == row["speaker"] for r in rows))
        if count[row["speaker"]] > most:
            continue
        x = corpus.decode(row["path"])
        starts = []
        for name, change in CONDITIONS.items():
            mel = reference.log_mel(change(x, np.random.default_rng(k)),
                                    reference.FRONTEND)
            if name == "clean":
                speech = corpus.speech_frames(mel)
                starts = [s for s in range(0, mel.shape[1] - FRAMES + 1,
                                           FRAMES)
                          if speech[s:s + FRAMES].mean() > 0.5][:share]
            for s in starts:
                part = mel[:, s:s + FRAMES]
                windows[name].append(
                    (part - part.mean(1, keepdims=True)).astype("f2"))
        labels += [(row["source"], row["room"] if row["room"] !=
                    row["speaker"] else "", row["sex"], row["speaker"],
                    row["path"])] * len(starts)
    return {k: np.stack(v) for k, v in windows.items()}, labels


def network(path):
    """The network of a model file or a checkpoint."""
    if path.endswith(".pt"):
        state = torch.load(path, map_location="cpu")["net"]
        topology = dict(reference.TOPOLOGY)
        shrink = topology["widths"][0] // state["conv1.weight"].shape[0]
        topology["widths"] = [w // shrink for w in topology["widths"]]
    else:
        state, record = modelfile.read(path)
        topology = record["topology"]
    net = reference.ResNet(topology, reference.FRONTEND["n_bands"])
    net.load_state_dict({k: v for k, v in state.items()
                         if not k.startswith(("head.", "golden."))},
                        strict=False)
    return net.eval().to(memory_format=torch.channels_last)


def embeddings(net, windows):
    out = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for i in range(0, len(windows), 50):
            x = torch.from_numpy(windows[i:i + 50].astype("f4"))
            out.append(F.normalize(net(x).float()))
    return torch.cat(out).numpy()


def pairs(labels):
    """Masks [n, n] of pairs of pieces: of one voice, of two."""
    own, others = [np.zeros((len(labels),) * 2, bool) for _ in range(2)]
    files = collections.defaultdict(set)
    for *_, voice, path in labels:
        files[voice].add(path)
    for i, (*group, voice, path) in enumerate(labels):
        for j, (*group2, voice2, path2) in enumerate(labels):
            if i == j or group != group2:
                continue
            if voice != voice2:
                others[i, j] = True
            elif path != path2 or len(files[voice]) == 1:
                own[i, j] = True
    return own, others


def eer(own, others):
    """Equal error rate: where misses and false alarms are equally many."""
    if not len(own) or not len(others):
        return float("nan")
    scores = np.concatenate([own, others])
    target = np.concatenate([np.ones(len(own)), np.zeros(len(others))])
    target = target[np.argsort(scores, kind="stable")]
    missed = np.cumsum(target) / len(own)
    passed = 1 - np.cumsum(1 - target) / len(others)
    at = np.argmin(np.abs(missed - passed))
    return (missed[at] + passed[at]) / 2


def line(cosine, own, others):
    a, b = cosine[own], cosine[others]
    if not len(b):
        return f"{a.mean():6.3f} ({a.std():.3f})              "
    return (f"{a.mean():6.3f} ({a.std():.3f}) {b.mean():6.3f} ({b.std():.3f})"
            f" {100 * eer(a, b):5.1f}")


def report(path, windows, labels):
    net = network(path)
    e = {name: embeddings(net, part) for name, part in windows.items()}
    sources = sorted({label[0] for label in labels})
    own, others = pairs(labels)
    print(f"\n{path}\n{'':38}{'both':^32}  {'clean and condition':^32}")
    print(f"{'source':24}{'condition':12}  " + 2 *
          f"{'own (sd)':>14} {'others (sd)':>14} {'EER':>5} ")
    totals = collections.defaultdict(list)
    for source in sources:
        mine = np.array([label[0] == source for label in labels])
        part = own & mine, others & mine
        for name in CONDITIONS:
            both = e[name] @ e[name].T
            across = e["clean"] @ e[name].T
            print(f"{source:24}{name:12} {line(both, *part)} "
                  f"{line(across, *part)}")
            for key, c in (("both", both), ("across", across)):
                totals[name, key].append(eer(c[part[0]], c[part[1]]))
    print("mean EER over sources, both and across:", "; ".join(
        f"{name} {100 * np.nanmean(totals[name, 'both']):.1f} "
        f"{100 * np.nanmean(totals[name, 'across']):.1f}"
        for name in CONDITIONS), flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--corpus", required=True, action="append",
                   help="folder of manifest.tsv (again for more)")
    p.add_argument("--split", default="dev")
    p.add_argument("--most", type=int, default=6,
                   help="pieces of a voice")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("files", nargs="+", help="model files or checkpoints")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    rows = chosen(args.corpus, args.split)
    if not rows:
        sys.exit(f"no recordings of split {args.split}")
    windows, labels = pieces(rows, args.most)
    print(f"{len(labels)} pieces of {len({x[3] for x in labels})} voices")
    for path in args.files:
        report(path, windows, labels)


if __name__ == "__main__":
    main()
