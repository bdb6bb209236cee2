#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command evaluate on a small corpus of made-up voices."""

import csv
import json
import math
import os
import struct
import tempfile
from xml.etree import ElementTree

from sounds import MODEL, Tap, run, voice, write_wav

COLUMNS = ("path", "speaker", "sex", "source", "split", "seconds")
STREAM_KEYS = ("lookahead_ms", "condition", "auc", "baseline_auc", "kept_db",
               "removed_db", "streams", "eer", "miss", "false_alarm",
               "switches_per_minute", "true_switches_per_minute",
               "absent_above", "pooled_auc", "worst_stream", "worst_auc")
TABLE_KEYS = ("form", "set", "method", "layers", "given", "top1", "low", "high",
              "kept_mass", "auc", "trials")
CURVE_KEYS = ("form", "method", "layers", "fill", "deletion_auc",
              "insertion_auc", "empty", "trials")
FORMS = ["A-B", "A-B-A", "B-A-B", "A-B-C"]
SANITY_KEYS = ("set", "method", "layers", "stage", "correlation", "low", "high",
               "energy", "energy_low", "energy_high", "empty", "trials")
TRUST_KEYS = ("set", "form", "method", "layers", "forwards", "correlation",
              "low", "high", "correlation_top1", "trust", "trials")
FIGURE_KEYS = ("figure", "set", "form", "trial", "speakers", "recordings",
               "frames", "empty", "png", "svg")
METHODS = ["grad-cam", "grad-cam++", "score-cam", "layer-cam",
           "signed-layer-cam"]
STAGES = ["embedding", "S4", "S3", "S2", "S1", "stem", "B given", "X given"]
VERIFICATION_KEYS = ("eer", "min_dcf", "cllr", "min_cllr", "trials")


def make_corpus(folder):
    """Four voices with four recordings each, and one voice in another split.
    Their names are those of voices that the model knows."""
    os.mkdir(f"{folder}/wav")
    rows = []
    for v in range(5):
        for i in range(4):
            name = f"wav/{v}-{i}.wav"
            write_wav(f"{folder}/{name}", voice(2.5, 90 + 31 * v + 2 * i))
            rows.append((name, f"spk{v}", "fm"[v % 2], "made up",
                         "few" if v < 4 else "more", "2.5"))
    path = f"{folder}/manifest.tsv"
    write_manifest(path, rows)
    return path, rows


def write_manifest(path, rows):
    with open(path, "w") as file:
        for row in [COLUMNS, *rows]:
            file.write("\t".join(row) + "\n")


def evaluate(protocol, manifest, *words):
    return run("evaluate", protocol, "-m", MODEL, "--manifest", manifest,
               "--split", "few", *words)


def report_of(tap, name, result):
    """The printed report; None, and a failed check, without one."""
    try:
        report = json.loads(result.stdout)
    except json.JSONDecodeError as error:
        tap.check(False, name, f"{error}\n{result.stderr}")
        return None
    tap.check(result.returncode == 0, name, result.stderr)
    return report


def read_table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def is_picture(path):
    with open(path, "rb") as file:
        head = file.read(24)
    width, height = struct.unpack(">II", head[16:24])
    return head[:8] == b"\x89PNG\r\n\x1a\n" and width >= 1000 and height >= 600


def check_verification(tap, manifest, folder):
    out = f"{folder}/verification/new"
    result = evaluate("verification", manifest, "--json", "--threads", "1",
                      "-o", out)
    report = report_of(tap, "/cli/evaluate/verification/prints-json", result)
    if report is None:
        return
    main = report["verification"]
    two = [d for d in main["durations"] if d["seconds"] == 2]
    tap.check([d["seconds"] for d in main["durations"]] == [1, 2, 5]
              and all(main[key] == two[0][key] for key in VERIFICATION_KEYS),
              "/cli/evaluate/verification/gives-2-s-first", main)
    tap.check(report["seed"] == 2022 and report["split"] == "few"
              and report["model"] and "--threads 1" in report["command"],
              "/cli/evaluate/verification/says-what-it-is", report)
    with open(f"{out}/verification.json") as file:
        tap.check(json.load(file) == report,
                  "/cli/evaluate/verification/writes-json")
    trials = read_table(f"{out}/trials.tsv")
    per_second = [sum(float(t["duration"]) == d["seconds"] for t in trials)
                  for d in main["durations"]]
    tap.check(per_second == [d["trials"] for d in main["durations"]]
              and per_second[1] > 0
              and all((t["target"] == t["speaker"]) == (t["is_target"] == "1")
                      and math.isfinite(float(t["llr"])) for t in trials),
              "/cli/evaluate/verification/writes-all-trials", per_second)
    tap.check(is_picture(f"{out}/verification.png"),
              "/cli/evaluate/verification/draws-a-png")
    again = report_of(tap, "/cli/evaluate/verification/with-2-threads",
                      evaluate("verification", manifest, "--json", "--threads",
                               "2", "--trials", "100000"))
    tap.check(again and again["verification"] == main,
              "/cli/evaluate/verification/threads-change-nothing", again)


def check_stream(tap, manifest, folder):
    out = f"{folder}/stream"
    words = ("--json", "--trials", "2", "--seed", "7")
    result = evaluate("stream", manifest, *words, "--threads", "1", "-o", out,
                      "--frames")
    report = report_of(tap, "/cli/evaluate/stream/prints-json", result)
    if report is None:
        return
    rows = report["stream"]
    conditions = [(r["condition"], r["lookahead_ms"]) for r in rows]
    tap.check(conditions == [(c, a) for c in ("clean", "20 dB", "10 dB")
                             for a in (250, 500, 1000, 2000)]
              and all(key in r for r in rows for key in STREAM_KEYS)
              and all(r["streams"] == 2 and 0 <= r["auc"] <= 1 for r in rows),
              "/cli/evaluate/stream/has-a-row-for-each", conditions)
    tap.check(report["seed"] == 7, "/cli/evaluate/stream/says-what-it-is",
              report["seed"])
    streams = read_table(f"{out}/streams.tsv")
    mean = sum(float(s["auc"]) for s in streams[::12]) / 2
    tap.check(len(streams) == 24 and abs(mean - rows[0]["auc"]) < 1e-5,
              "/cli/evaluate/stream/writes-each-stream", mean)
    frames = read_table(f"{out}/frames.tsv")
    lone = [f for f in frames if f["stream"] == "0" and f["absent"] == "1"]
    tap.check(len(frames) == 2 * 3 * 4 * 2 * 1500
              and not any(f["is_target"] == "1" for f in lone)
              and all(0 <= float(f["activity"]) <= 1 for f in frames),
              "/cli/evaluate/stream/writes-frames", len(frames))
    tap.check(is_picture(f"{out}/stream.png"),
              "/cli/evaluate/stream/draws-a-png")
    tap.check(sorted(os.listdir(out)) == ["frames.tsv", "stream.json",
                                          "stream.png", "streams.tsv"],
              "/cli/evaluate/stream/leaves-nothing-else", os.listdir(out))
    again = report_of(tap, "/cli/evaluate/stream/with-2-threads",
                      evaluate("stream", manifest, *words, "--threads", "2"))
    tap.check(again and again["stream"] == rows,
              "/cli/evaluate/stream/threads-change-nothing", again)


def check_table2(tap, manifest, folder):
    out = f"{folder}/table2"
    words = ("--json", "--trials", "2", "--score-cam", "1", "--piece", "0.5")
    result = evaluate("table2", manifest, *words, "--threads", "1", "-o", out)
    report = report_of(tap, "/cli/evaluate/table2/prints-json", result)
    if report is None:
        return
    rows = report["table2"]
    tap.check(all(key in row for row in rows for key in TABLE_KEYS)
              and sorted({r["form"] for r in rows}) == sorted(FORMS)
              and {r["set"] for r in rows} == {"closed"}
              and {r["given"] for r in rows} == {"A", "B", "X", "none"}
              and all(0 <= r["low"] <= r["top1"] <= r["high"] <= 1
                      and 0 <= r["kept_mass"] <= 1 for r in rows),
              "/cli/evaluate/table2/has-all-keys", rows[:2])
    keys = [(r["form"], r["method"], r["layers"], r["given"]) for r in rows]
    layers = {(r["method"], r["layers"]) for r in rows if r["given"] == "A"}
    tap.check(len(set(keys)) == len(keys)
              and sum(method == "layer-cam" for method, _ in layers) == 7,
              "/cli/evaluate/table2/has-a-row-for-each", len(keys))
    tap.check(all(r["auc"] == 1 for r in rows if r["method"] == "oracle")
              and all(r["trials"] == (1 if r["method"] == "score-cam" else 2)
                      for r in rows if r["given"] in ("A", "none")),
              "/cli/evaluate/table2/oracle-is-perfect")
    joins, outcomes = (read_table(f"{out}/{name}.tsv")
                       for name in ("joins", "table2"))
    tap.check(len(joins) == 8
              and all(j["X"] not in (j["A"], j["B"], j["C"])
                      and len(j["recordings"].split(","))
                      == len(j["form"].split("-")) for j in joins)
              and len(outcomes) == sum(r["trials"] for r in rows),
              "/cli/evaluate/table2/writes-each-trial", len(outcomes))
    with open(f"{out}/table2.json") as file:
        tap.check(json.load(file) == report, "/cli/evaluate/table2/writes-json")
    again = report_of(tap, "/cli/evaluate/table2/with-2-threads",
                      evaluate("table2", manifest, *words, "--threads", "2"))
    tap.check(again and again["table2"] == rows,
              "/cli/evaluate/table2/threads-change-nothing")


def check_open_set(tap, manifest, folder):
    """The same voices under names that the model does not know."""
    path = f"{folder}/open.tsv"
    with open(manifest) as file, open(path, "w") as renamed:
        renamed.write(file.read().replace("spk", "new"))
    result = evaluate("table2", path, "--trials", "1", "--score-cam", "0",
                      "--piece", "0.5", "--json")
    report = report_of(tap, "/cli/evaluate/table2/open-set", result)
    tap.check(report and {r["set"] for r in report["table2"]} == {"open"},
              "/cli/evaluate/table2/enrols-strangers")


def check_deletion(tap, manifest, folder):
    out = f"{folder}/deletion"
    words = ("--json", "--trials", "1", "--score-cam", "0", "--piece", "0.5")
    result = evaluate("deletion", manifest, *words, "--threads", "1", "-o", out)
    report = report_of(tap, "/cli/evaluate/deletion/prints-json", result)
    if report is None:
        return
    rows = report["deletion"]
    keys = [(r["form"], r["method"], r["layers"], r["fill"]) for r in rows]
    tap.check(all(key in row for row in rows for key in CURVE_KEYS)
              and len(set(keys)) == len(keys)
              and {r["form"] for r in rows} == {"A", "B-A-B"}
              and {r["fill"] for r in rows} == {"zero", "silence", "mean"}
              and all(0 <= r["deletion_auc"] <= 1 and r["trials"] == 1
                      and 0 <= r["empty"] <= 1 for r in rows),
              "/cli/evaluate/deletion/has-a-row-for-each", keys)
    curves = read_table(f"{out}/curves.tsv")
    first = [c for c in curves if (c["form"], c["method"], c["fill"], c["way"])
             == ("A", "random", "zero", "insertion")]
    y = [float(c["top1"]) for c in first]
    area = sum((a + b) / 100 for a, b in zip(y, y[1:]))
    want = [r["insertion_auc"] for r in rows
            if r["form"] == "A" and r["method"] == "random"
            and r["fill"] == "zero"]
    tap.check(len(curves) == 102 * len(rows) and len(first) == 51
              and abs(area - want[0]) < 2e-3,
              "/cli/evaluate/deletion/writes-curves", (area, want))
    tap.check(is_picture(f"{out}/deletion-closed.png")
              and is_picture(f"{out}/deletion-closed-log-odds.png"),
              "/cli/evaluate/deletion/draws-pngs")
    again = report_of(tap, "/cli/evaluate/deletion/with-2-threads",
                      evaluate("deletion", manifest, *words, "--threads", "2"))
    tap.check(again and again["deletion"] == rows,
              "/cli/evaluate/deletion/threads-change-nothing")


def check_sanity(tap, manifest, folder):
    out = f"{folder}/sanity"
    words = ("--json", "--trials", "2", "--score-cam", "1", "--piece", "0.5")
    result = evaluate("sanity", manifest, *words, "--threads", "1", "-o", out)
    report = report_of(tap, "/cli/evaluate/sanity/prints-json", result)
    if report is None:
        return
    rows, trust = report["sanity"], report["trust"]
    keys = {(r["method"], r["layers"], r["stage"]) for r in rows}
    tap.check(all(key in row for row in rows for key in SANITY_KEYS)
              and {r["stage"] for r in rows} == set(STAGES)
              and len(keys) == len(rows)
              and {r["method"] for r in rows} >= {*METHODS, "energy"}
              and all(-1 <= r["low"] <= r["correlation"] <= r["high"] <= 1
                      for r in rows if r["method"] != "energy"),
              "/cli/evaluate/sanity/has-a-row-for-each", rows[:2])
    tap.check(all(r["trials"] == (1 if r["method"] == "score-cam" else 2)
                  and r["set"] == "closed" for r in rows)
              and all(abs(r["correlation"] - 1) < 1e-6
                      for r in rows if r["method"] == "energy"),
              "/cli/evaluate/sanity/energy-does-not-know-the-model")
    tap.check(all(key in row for row in trust for key in TRUST_KEYS)
              and {r["form"] for r in trust} == {"A", "B-A-B"}
              and all(r["forwards"] == 4 and r["trials"] == 2
                      and -1 <= r["trust"] <= 1 for r in trust),
              "/cli/evaluate/sanity/has-trust", trust)
    with open(f"{out}/sanity.json") as file:
        tap.check(json.load(file) == report, "/cli/evaluate/sanity/writes-json")
    again = report_of(tap, "/cli/evaluate/sanity/with-2-threads",
                      evaluate("sanity", manifest, *words, "--threads", "2"))
    tap.check(again and again["sanity"] == rows and again["trust"] == trust,
              "/cli/evaluate/sanity/threads-change-nothing")
    other = report_of(tap, "/cli/evaluate/sanity/with-another-seed",
                      evaluate("sanity", manifest, *words, "--seed", "5",
                               "--score-cam", "0"))
    tap.check(other and other["sanity"] != rows
              and "score-cam" not in {r["method"] for r in other["sanity"]},
              "/cli/evaluate/sanity/seed-changes-it")


def check_figures(tap, manifest, folder):
    out = f"{folder}/figures"
    words = ("--json", "--trials", "1", "--piece", "0.5", "-o", out)
    result = evaluate("figures", manifest, *words)
    report = report_of(tap, "/cli/evaluate/figures/prints-json", result)
    if report is None:
        return
    drawn = report["figures"]
    tap.check([(f["figure"], f["form"]) for f in drawn]
              == [(1, "A"), (3, "B-A-B")]
              and all(key in f for f in drawn for key in FIGURE_KEYS)
              and len(drawn[1]["recordings"]) == 3
              and len(drawn[1]["speakers"]) == 2
              and report["methods"] == METHODS
              and report["rows"] == ["S1", "S2", "S3", "S4", "fused"],
              "/cli/evaluate/figures/says-what-was-drawn", drawn)
    tap.check(all(is_picture(f["png"]) for f in drawn),
              "/cli/evaluate/figures/draws-png")
    tap.check(all(ElementTree.parse(f["svg"]).getroot().tag.endswith("svg")
                  for f in drawn), "/cli/evaluate/figures/draws-svg")
    tap.check(sorted(os.listdir(out)) == [
        "figures-1-closed-1.png", "figures-1-closed-1.svg", "figures-3-closed-1.png",
        "figures-3-closed-1.svg", "figures.json"],
              "/cli/evaluate/figures/leaves-nothing-else", os.listdir(out))
    before = [open(f["png"], "rb").read() for f in drawn]
    evaluate("figures", manifest, *words, "--threads", "2")
    tap.check(before == [open(f["png"], "rb").read() for f in drawn],
              "/cli/evaluate/figures/threads-change-nothing")


def check_options(tap, manifest):
    known = report_of(tap, "/cli/evaluate/known/runs",
                      evaluate("verification", manifest, "--json", "--known"))
    more = report_of(tap, "/cli/evaluate/others/runs",
                     evaluate("verification", manifest, "--json", "--known",
                              "--others", "more"))
    if known is None or more is None:
        return
    # Without enrolment every window is tested; another voice adds impostors.
    a, b = (r["verification"]["durations"][0] for r in (known, more))
    tap.check(a["windows"] + a["windows_without_speech"] == 4 * 4 * 2
              and b["windows"] + b["windows_without_speech"] == 5 * 4 * 2,
              "/cli/evaluate/others/join", (a, b))
    tap.check(b["target_trials"] == a["target_trials"]
              and b["impostor_trials"] > a["impostor_trials"],
              "/cli/evaluate/others/are-impostors-only", (a, b))
    result = evaluate("verification", manifest)
    tap.check(result.returncode == 0 and "EER" in result.stdout,
              "/cli/evaluate/prints-a-table", result.stdout + result.stderr)


def refused(tap, name, code, piece, protocol, *words):
    result = run("evaluate", protocol, *words)
    lines = result.stderr.splitlines()
    tap.check(result.returncode == code and len(lines) == 1
              and piece in lines[0] and result.stdout == "",
              f"/cli/evaluate/refuses/{name}",
              f"exit code {result.returncode}\n{result.stderr}")


def check_errors(tap, manifest, rows, folder):
    good = ("-m", MODEL, "--manifest", manifest, "--split", "few")
    refused(tap, "no-protocol", 2, "verification", "")
    refused(tap, "unknown-protocol", 2, "nonsense", "nonsense")
    refused(tap, "no-manifest", 2, "--manifest", "stream", "--split", "few")
    refused(tap, "no-split", 2, "--split", "stream", "--manifest", manifest)
    refused(tap, "a-file", 2, "at most 0", "stream", *good, "x.wav")
    refused(tap, "negative-trials", 2, "--trials", "stream", *good, "--trials",
            "-1")
    refused(tap, "huge-seed", 2, "--seed", "stream", *good, "--seed",
            "99999999999")
    refused(tap, "frames-without-folder", 2, "-o", "stream", *good, "--frames")
    refused(tap, "short-piece", 2, "--piece", "table2", *good, "--piece", "0.1")
    refused(tap, "bad-score-cam", 2, "--score-cam", "deletion", *good,
            "--score-cam", "-7")
    refused(tap, "bad-gamma", 2, "--gamma", "table2", *good, "--gamma", "-1")
    refused(tap, "bad-shard", 2, "--shard", "table2", *good, "--shard", "2/2",
            "-o", folder)
    refused(tap, "shard-without-folder", 2, "-o", "table2", *good, "--shard",
            "0/2")
    refused(tap, "shard-of-streams", 2, "--shard", "stream", *good, "--shard",
            "0/2", "-o", folder)
    refused(tap, "quick-stream", 2, "--quick", "stream", *good, "--quick")
    refused(tap, "all-without-folder", 2, "-o", "all", *good)
    refused(tap, "all-with-trials", 2, "--trials", "all", *good, "-o", folder,
            "--trials", "2")
    refused(tap, "merge-of-nothing", 2, "at least 1", "merge", "-o", folder)
    refused(tap, "merge-to-nowhere", 2, "--output", "merge", "x.part")
    refused(tap, "merge-of-a-ghost", 1, "x.part", "merge", "x.part", "-o",
            folder)
    refused(tap, "strangers-as-known", 1, "no speaker", "table2", "-m", MODEL,
            "--manifest", f"{folder}/open.tsv", "--split", "few", "--known")
    refused(tap, "others-of-joins", 2, "--others", "table2", *good, "--others",
            "more")
    refused(tap, "figures-without-folder", 2, "--output", "figures", *good)
    refused(tap, "unknown-split", 1, "nobody", "stream", *good[:-1], "nobody")
    refused(tap, "missing-manifest", 1, "no.tsv", "stream", *good[:2],
            "--manifest", "no.tsv", "--split", "few")
    refused(tap, "missing-model", 1, "no.model", "stream", "-m", "no.model",
            *good[2:])
    refused(tap, "folder-that-is-a-file", 1, manifest, "verification", *good,
            "-o", manifest)

    def with_row(name, **changes):
        last = dict(zip(COLUMNS, rows[0]), **changes)
        path = f"{folder}/{name}.tsv"
        write_manifest(path, [*rows[1:], tuple(last.values())])
        return path

    for name, piece, changes in (
            ("sex", "line 21", {"sex": "x"}),
            ("seconds", "line 21", {"seconds": "-3"}),
            ("twice", "comes twice", {"path": rows[1][0], "speaker": "spk1"}),
            ("lost", "lost.wav", {"path": "wav/lost.wav"}),
            ("text", "not a sound file", {"path": "text.wav"}),
            ("class", "stranger", {"speaker": "stranger"})):
        path = with_row(name, **changes)
        refused(tap, f"manifest-{name}", 1, piece, "verification", "-m", MODEL,
                "--manifest", path, "--split", "few", "--known")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        manifest, rows = make_corpus(folder)
        with open(f"{folder}/text.wav", "w") as file:
            file.write("this is no sound\n" * 100)
        check_verification(tap, manifest, folder)
        check_stream(tap, manifest, folder)
        check_table2(tap, manifest, folder)
        check_open_set(tap, manifest, folder)
        check_deletion(tap, manifest, folder)
        check_sanity(tap, manifest, folder)
        check_figures(tap, manifest, folder)
        check_options(tap, manifest)
        check_errors(tap, manifest, rows, folder)
    tap.finish()


if __name__ == "__main__":
    main()
