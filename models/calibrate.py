#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fits the calibration of a model and writes it into model files.

    models/calibrate.py --work DIR --corpus DIR --dev DEV.safetensors OUT...
    models/calibrate.py --work DIR --voices DIR OUT...

The first command calibrates the dense score and the classes of the training, on
the development speakers.  DEV was trained without these speakers; OUT, its
successor, with all speakers, so that no speaker of the corpus is left to fit
OUT's own calibration.  Stages without these speakers are those of
models/train.py at revision 5f603cb (examples/docs/training.md).

The second command calibrates windows of enrolled voices, for each OUT itself, on
voices that no training heard (models/voices.py).  The background
(core/network/calibration.h) is the lowest of the equally good ones.  Models
named below also get the settings of the speaker clustering in a stream
(core/stream/session-cohort.h).

Needs the built `speakersaliency` on PATH.  Scores come from `speakersaliency
evaluate`.  Each line llr = scale score + offset is a logistic regression with
equal weight for targets and others (Brummer, du Preez 2006).  The fit is
reported as Cllr with each target speaker left out in turn.
"""

import argparse
import csv
import json
import os
import subprocess

import requirements

requirements.need("numpy", "torch")

import numpy as np  # noqa: E402

import corpus  # noqa: E402
import tensorfile  # noqa: E402

KEY = "speakersaliency"
# Hidden Markov model (core/stream/hmm.h): chosen on streams of development
# voices.
PRESENCE = {"prior": 0.03, "rate": 3.0, "weight": 5.0}
# Conditions of the calibration of the dense score, and the contrast
# (core/signal/level-range.h) at which each line holds.
CLEAN, NOISY = "clean", "10 dB"
CLEAN_DB, NOISY_DB = 35.0, 15.0  # interpolation is best at 20 dB of noise
# Speaker clustering in a stream (core/stream/session-cohort.h): chosen on
# streams of voices from elsewhere.  In noise the means of clusters score lower and
# spread less than windows: they have a separate line, fitted at 10 dB.
COMPANY = {"same": 0.45, "merge": 0.65, "penalty": 2.0,
           "noisy_scale": 0.55, "noisy_offset": 3.3}
# The highest, in steps of a half, that leaves no more than one in a hundred
# frames without the target above 0.1, at 500 ms:
#   speakersaliency evaluate stream --manifest VOICES/manifest.tsv \
#       --split voices --trials 32
COMPANY_PRIOR = {"resnet34se": -3.0, "resnet34se-small": -3.5}
GUARD = 0.3  # seconds around a change of speaker that the fit leaves out
BACKGROUNDS = range(6, 21)
AS_GOOD = 0.002  # of Cllr, mean over the lengths of windows


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    fit = p.add_mutually_exclusive_group(required=True)
    fit.add_argument("--corpus", help="folder of manifest.tsv")
    fit.add_argument("--voices", help="what models/voices.py made")
    p.add_argument("--dev", help="model file trained without them")
    p.add_argument("--work", required=True, help="where trials are kept")
    p.add_argument("--streams", type=int, default=12)
    p.add_argument("--windows", type=int, default=500, help="of each length")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("files", nargs="+", help="model files to write into")
    args = p.parse_args()
    if args.corpus and not args.dev:
        p.error("--corpus needs --dev")
    return args


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


def evaluate(args, model, manifest, what, name, *more):
    """The rows that `speakersaliency evaluate` writes; kept for a next run."""
    folder = os.path.join(args.work, name)
    path = os.path.join(folder, {"verification": "trials.tsv",
                                 "stream": "frames.tsv"}[what])
    if not os.path.exists(path):
        subprocess.run(
            ["speakersaliency", "evaluate", what, "--model", model,
             "--manifest", manifest, "-o", folder, "--threads",
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


def window_groups(rows):
    """For curve(), with the log-odds as score, and cosines, by length."""
    groups = []
    for duration in sorted({float(r["duration"]) for r in rows}):
        part = [r for r in rows if float(r["duration"]) == duration]
        groups.append(((column(part, "speech_seconds").mean(),
                        column(part, "log_odds"),
                        column(part, "is_target", int) == 1,
                        column(part, "target", str)),
                       column(part, "cosine")))
    return groups


def window_curve(what, rows):
    return curve(what, [group for group, _ in window_groups(rows)])


def beside(background, groups, head_scale):
    """window_groups() with a background of that logit beside the cohort."""
    out = []
    for (seconds, log_odds, targets, speakers), cosine in groups:
        logit = head_scale * cosine
        others = np.logaddexp(logit - log_odds, background)
        out.append((seconds, logit - others, targets, speakers))
    return out


def find_background(groups, head_scale):
    worth = {b: np.mean([left_out(*group[1:])
                         for group in beside(b, groups, head_scale)])
             for b in BACKGROUNDS}
    best = min(worth.values())
    print("background, Cllr with speakers left out:",
          " ".join(f"{b}: {c:.4f}" for b, c in worth.items()))
    return min(b for b, c in worth.items() if c <= best + AS_GOOD)


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


def read_record(path):
    """Tensors and record of a model file."""
    tensors, metadata = tensorfile.load(path)
    return tensors, json.loads(metadata[KEY])


def write(path, calibration):
    tensors, record = read_record(path)
    record["calibration"] = calibration
    tensorfile.save(path, tensors, {KEY: json.dumps(record)})


def fit_development(args):
    """The calibration that DEV has on the development speakers."""
    manifest = write_manifest(args)

    def rows(what, name, *more):
        return evaluate(args, args.dev, manifest, what, name, *more)

    unknown = ["--split", "development", "--others", "bystanders"]
    known = ["--split", "known", "--known",
             "--others", "development,bystanders"]
    windows = ["--trials", str(args.windows)]
    streams = ["--frames", "--trials", str(args.streams)]
    enrolled = rows("stream", "stream", *unknown, *streams)
    classes = rows("stream", "stream-known", *known, *streams)
    dense = {name: {
        "enrolled": dense_curve("dense, enrolled", enrolled, condition),
        "classes": dense_curve("dense, classes", classes, condition)}
        for name, condition in (("dense", CLEAN), ("noisy", NOISY))}
    return {
        "window": {
            "enrolled": window_curve("window, enrolled", rows(
                "verification", "verification", *unknown, *windows)),
            "classes": window_curve("window, classes", rows(
                "verification", "verification-known", *known, *windows))},
        **dense, "noisy_db": NOISY_DB, "clean_db": CLEAN_DB,
        "presence": PRESENCE,
    }


def fit_voices(args, path):
    """The calibration in the file, that of windows of enrolled voices made
    anew."""
    _, record = read_record(path)
    if "calibration" not in record:
        raise SystemExit(f"{path}: no calibration: run with --corpus first")
    calibration, head_scale = record["calibration"], record["head"]["scale"]
    groups = window_groups(evaluate(
        args, path, os.path.join(args.voices, "manifest.tsv"), "verification",
        f"voices-{record['name']}", "--split", "voices",
        "--trials", str(args.windows)))
    background = find_background(groups, head_scale)
    calibration["background"] = float(background)
    calibration["window"]["enrolled"] = curve(
        f"window, enrolled, background {background}",
        beside(background, groups, head_scale))
    if record["name"] in COMPANY_PRIOR:
        calibration["company"] = {**COMPANY,
                                  "prior": COMPANY_PRIOR[record["name"]]}
    return calibration


def main():
    args = arguments()
    os.makedirs(args.work, exist_ok=True)
    development = fit_development(args) if args.corpus else None
    for path in args.files:
        write(path, development or fit_voices(args, path))


if __name__ == "__main__":
    main()
