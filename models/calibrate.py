#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fits the calibration of a model on the development speakers and writes it
into model files.

    models/calibrate.py --corpus DIR --work DIR DEV.safetensors OUT.safetensors

DEV was trained without the development speakers; OUT, its successor, with
everyone, so that nobody is left to fit its own calibration on.  DEV itself may
be named as OUT.  Needs the built `speakersaliency` on PATH.

Scores come from `speakersaliency evaluate`.  Each line llr = scale score +
offset is a logistic regression with equal weight for targets and others
(Brummer, du Preez 2006).  What it is worth is reported as Cllr with each
target speaker left out of the fit in turn.
"""

import argparse
import csv
import json
import os
import subprocess

import numpy as np

import corpus
import tensorfile

KEY = "speakersaliency"
# Of the chain (core/presence.h): chosen on streams of development voices.
PRESENCE = {"prior": 0.03, "rate": 3.0, "weight": 5.0}
# Conditions that the dense score is calibrated in, and the contrast
# (core/contrast.h) from which on either line holds.
CLEAN, NOISY = "clean", "10 dB"
CLEAN_DB, NOISY_DB = 35.0, 15.0  # between them 20 dB of noise comes out best
GUARD = 0.3  # seconds around a change of speaker that the fit leaves out


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--corpus", required=True, help="folder of manifest.tsv")
    p.add_argument("--work", required=True, help="where trials are kept")
    p.add_argument("--streams", type=int, default=12)
    p.add_argument("--windows", type=int, default=500, help="of each length")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("dev", help="model file trained without them")
    p.add_argument("files", nargs="+", help="model files to write into")
    return p.parse_args()


def write_manifest(args):
    """Splits of their own: "development", those of the development speakers
    that can be enrolled; "bystanders", the others; "known", the closed
    utterances of everyone else."""
    rows = corpus.read_manifest(args.corpus)
    train = [r for r in rows if r["split"] == "train"]
    hidden = corpus.development(train)
    names = [r["speaker"] for r in train]
    path = os.path.join(args.work, "manifest.tsv")
    with open(path, "w", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys(), delimiter="\t")
        out.writeheader()
        for row in rows:
            name = row["speaker"]
            if row["split"] == "train" and name in hidden:
                row["split"] = ("development" if names.count(name) > 2
                                else "bystanders")
            elif row["split"] == "closed" and name not in hidden:
                row["split"] = "known"
            else:
                continue
            out.writerow({**row, "path": os.path.abspath(
                os.path.join(args.corpus, row["path"]))})
    return path


def evaluate(args, what, name, *more):
    """The rows that `speakersaliency evaluate` writes; kept for a next run."""
    folder = os.path.join(args.work, name)
    path = os.path.join(folder, {"verification": "trials.tsv",
                                 "stream": "frames.tsv"}[what])
    if not os.path.exists(path):
        subprocess.run(
            ["speakersaliency", "evaluate", what, "--model", args.dev,
             "--manifest", write_manifest(args), "-o", folder, "--threads",
             str(args.threads), *more],
            check=True)
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def column(rows, name, kind=float):
    return np.array([kind(row[name]) for row in rows])


def fit(scores, targets):
    """(scale, offset) of the logistic regression, both kinds weighing the
    same; Newton's method."""
    x = np.stack([scores, np.ones_like(scores)], 1)
    weight = np.where(targets, 0.5 / targets.sum(), 0.5 / (~targets).sum())
    line = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ line)))
        gradient = x.T @ (weight * (p - targets))
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x
        line -= np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
    return line


def cllr(llr, targets):
    return (np.logaddexp(0, -llr[targets]).mean()
            + np.logaddexp(0, llr[~targets]).mean()) / (2 * np.log(2))


def left_out(scores, targets, speakers):
    """Cllr of trials whose target speaker had no part in the fit."""
    llr = np.zeros_like(scores)
    for name in set(speakers):
        mine = speakers == name
        scale, offset = fit(scores[~mine], targets[~mine])
        llr[mine] = scale * scores[mine] + offset
    return cllr(llr, targets)


def curve(what, groups):
    """groups: (seconds, scores, targets, speakers) each."""
    out = {"at": [], "scale": [], "offset": []}
    for seconds, scores, targets, speakers in groups:
        scale, offset = fit(scores, targets)
        print(f"{what} {seconds:5.2f} s: llr = {scale:.3f} score "
              f"{offset:+.3f}, {targets.sum()} + {(~targets).sum()} trials, "
              f"Cllr {cllr(scale * scores + offset, targets):.3f}, speakers "
              f"left out {left_out(scores, targets, speakers):.3f}")
        out["at"].append(round(float(seconds), 3))
        out["scale"].append(round(float(scale), 4))
        out["offset"].append(round(float(offset), 4))
    return out


def window_curve(what, rows):
    groups = []
    for duration in sorted({float(r["duration"]) for r in rows}):
        part = [r for r in rows if float(r["duration"]) == duration]
        groups.append((column(part, "speech_seconds").mean(),
                       column(part, "log_odds"),
                       column(part, "is_target", int) == 1,
                       column(part, "target", str)))
    return curve(what, groups)


def away_from_changes(rows):
    """Whether each frame is further than GUARD from a change of turn of the
    target; rows of one stream, condition and look-ahead, in time."""
    time, owner = column(rows, "time"), column(rows, "is_target", int)
    changes = time[1:][np.diff(owner) != 0]
    if len(changes) == 0:
        return np.ones(len(rows), bool)
    return np.abs(time[:, None] - changes).min(1) > GUARD


def dense_curve(what, rows, condition):
    """Of frames of speech in streams with the target and, so that it hears
    more other voices, of those of streams in which it never speaks."""
    parts = {}
    for row in rows:
        if row["condition"] == condition:
            key = float(row["lookahead_ms"]), row["stream"], row["absent"]
            parts.setdefault(key, []).append(row)
    groups = {}
    for (lookahead, _, _), part in parts.items():
        far = away_from_changes(part)
        groups.setdefault(lookahead, []).extend(
            row for row, ok in zip(part, far) if ok and row["speech"] == "1")
    return curve(f"{what}, {condition}", [
        (lookahead / 1000, column(part, "log_odds"),
         column(part, "is_target", int) == 1, column(part, "target", str))
        for lookahead, part in sorted(groups.items())])


def write(path, calibration):
    tensors, metadata = tensorfile.load(path)
    record = json.loads(metadata[KEY])
    record["calibration"] = calibration
    tensorfile.save(path, tensors, {KEY: json.dumps(record)})


def main():
    args = arguments()
    os.makedirs(args.work, exist_ok=True)
    unknown = ["--split", "development", "--others", "bystanders"]
    known = ["--split", "known", "--known",
             "--others", "development,bystanders"]
    windows = ["--trials", str(args.windows)]
    streams = ["--frames", "--trials", str(args.streams)]
    enrolled = evaluate(args, "stream", "stream", *unknown, *streams)
    classes = evaluate(args, "stream", "stream-known", *known, *streams)
    dense = {name: {
        "enrolled": dense_curve("dense, enrolled", enrolled, condition),
        "classes": dense_curve("dense, classes", classes, condition)}
        for name, condition in (("dense", CLEAN), ("noisy", NOISY))}
    calibration = {
        "window": {
            "enrolled": window_curve("window, enrolled", evaluate(
                args, "verification", "verification", *unknown, *windows)),
            "classes": window_curve("window, classes", evaluate(
                args, "verification", "verification-known", *known, *windows))},
        **dense, "noisy_db": NOISY_DB, "clean_db": CLEAN_DB,
        "presence": PRESENCE,
    }
    for path in args.files:
        write(path, calibration)


if __name__ == "__main__":
    main()
