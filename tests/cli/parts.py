#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command evaluate: shards, resumed runs, and all experiments in turn."""

import os
import re
import signal
import subprocess
import tempfile
import time

from evaluate import evaluate, make_corpus
from sounds import MODEL, Tap, run


def read_all(folder):
    """Contents of the files of a folder, by name."""
    found = {}
    for name in os.listdir(folder):
        with open(f"{folder}/{name}", "rb") as file:
            found[name] = file.read()
    return found


def same_files(tap, name, one, other):
    a, b = read_all(one), read_all(other)
    differing = sorted(n for n in {*a, *b} if a.get(n) != b.get(n))
    tap.check(a and not differing, name, differing)


# Files of a single run.
IN_PARTS = {
    "table2": ["joins.tsv", "table2.json", "table2.tsv"],
    "deletion": ["curves.tsv", "deletion-closed-log-odds.png",
                 "deletion-closed.png", "deletion.json"],
}
FEW = ("--trials", "3", "--score-cam", "1", "--piece", "0.5")


def check_shards(tap, manifest, folder):
    """Shards by any number of threads, merged in any order, equal a single run."""
    for protocol, files in IN_PARTS.items():
        name = f"/cli/evaluate/{protocol}"
        one, parts, merged = (f"{folder}/{protocol}-{what}"
                              for what in ("one", "parts", "merged"))
        single = evaluate(protocol, manifest, *FEW, "--threads", "1", "-o", one)
        tap.check(single.returncode == 0 and sorted(os.listdir(one)) == files,
                  f"{name}/leaves-no-part", single.stderr)
        for i, threads in ((0, "1"), (1, "2")):
            evaluate(protocol, manifest, *FEW, "--threads", threads, "--shard",
                     f"{i}/2", "-o", parts)
        paths = [f"{parts}/{protocol}-{i}-of-2.part" for i in (1, 0)]
        result = run("evaluate", "merge", *paths, "-o", merged)
        tap.check(result.returncode == 0 and result.stdout == single.stdout,
                  f"{name}/merges", result.stderr)
        same_files(tap, f"{name}/merged-is-the-same", one, merged)
        for what, piece, words in (
                ("half", "missing", paths[:1]),
                ("twice", "comes twice", [*paths, paths[0]]),
                ("no-part", "table2.tsv", [f"{folder}/table2-one/table2.tsv"])):
            result = run("evaluate", "merge", *words, "-o", f"{folder}/none")
            tap.check(result.returncode == 1 and piece in result.stderr
                      and not os.path.exists(f"{folder}/none"),
                      f"{name}/merge-refuses-{what}", result.stderr)
    result = run("evaluate", "merge",
                 f"{folder}/table2-parts/table2-0-of-2.part",
                 f"{folder}/deletion-parts/deletion-1-of-2.part", "-o",
                 f"{folder}/none")
    tap.check(result.returncode == 1 and "other settings" in result.stderr,
              "/cli/evaluate/merge-refuses-other-settings", result.stderr)


def kill_after_first(words, part):
    """Kills a run after it has written two trials or more."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if os.path.exists(part) and len(read_lines(part)) >= 4:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.002)
    process.wait()


def read_lines(path):
    with open(path) as file:
        return file.read().split("\n")[:-1]


def check_interrupted(tap, manifest, folder):
    for protocol in IN_PARTS:
        name = f"/cli/evaluate/{protocol}"
        out = f"{folder}/{protocol}-again"
        part = f"{out}/{protocol}.part"
        kill_after_first(["speakersaliency", "evaluate", protocol, "-m", MODEL,
                          "--manifest", manifest, "--split", "few", *FEW,
                          "--threads", "1", "-o", out], part)
        tap.check(f"{protocol}.part" in os.listdir(out)
                  and f"{protocol}.json" not in os.listdir(out),
                  f"{name}/is-interrupted", os.listdir(out))
        n = len(read_lines(part)) - 2
        before = read_all(out)
        for words in (("--seed", "7"), ("--gamma", "2")):
            other = evaluate(protocol, manifest, *FEW, *words, "-o", out)
            tap.check(other.returncode == 1 and "other settings" in other.stderr
                      and read_all(out) == before,
                      f"{name}/refuses-other-{words[0][2:]}", other.stderr)
        result = evaluate(protocol, manifest, *FEW, "--threads", "2", "-o", out)
        tap.check(result.returncode == 0
                  and f"goes on after the {n} trials" in result.stderr,
                  f"{name}/goes-on", result.stderr)
        same_files(tap, f"{name}/goes-on-to-the-same",
                   f"{folder}/{protocol}-one", out)


def without_report(files):
    """Report without the command line."""
    return {n: b for n, b in files.items() if not n.startswith("report.")}


def everything(manifest, out, *words):
    return evaluate("all", manifest, "--quick", "--score-cam", "1", "--piece",
                    "0.5", "--open", "few", "-o", out, *words)


def check_all(tap, manifest, folder):
    out = f"{folder}/all"
    result = everything(manifest, out)
    tap.check(result.returncode == 0
              and result.stdout == f"{out}/report.html\n"
              and re.search("takes about .*: table2 .*, deletion .*, "
                            "sanity .*, figures .*, verification .*, stream", result.stderr),
              "/cli/evaluate/all/runs", result.stdout + result.stderr)
    names = sorted(os.listdir(out))
    wanted = [*IN_PARTS["table2"], *IN_PARTS["deletion"], "sanity.json",
              "figures.json", *(f"figures-{n}-closed-1.{end}"
                                for n in (1, 3) for end in ("png", "svg")),
              "verification.json",
              "verification.png", "trials.tsv", "stream.json", "stream.png",
              "streams.tsv", "report.md", "report.html"]
    tap.check(names == sorted(wanted), "/cli/evaluate/all/writes-files", names)
    files = read_all(out)
    pictures = [n for n in names if n.endswith(".png")]
    html, text = (files[f"report.{end}"].decode() for end in ("html", "md"))
    tap.check(html.count("src=\"data:image/png;base64,") == len(pictures)
              and "http" not in html
              and all(f"({n})" in text for n in pictures),
              "/cli/evaluate/all/has-pictures", pictures)
    tap.check(all(piece in html and piece in text for piece in
                  ("--trials 24", "2022", "cannot be told", "Layer-CAM",
                   "71.55", "by 22.4")),
              "/cli/evaluate/all/says-what-it-found", text[:3000])
    again = everything(manifest, out, "--threads", "1")
    tap.check(again.returncode == 0 and again.stderr.count("there already") == 6
              and without_report(read_all(out)) == without_report(files)
              and "takes about" not in again.stderr,
              "/cli/evaluate/all/keeps-what-is-there", again.stderr)
    os.remove(f"{out}/stream.json")
    with open(f"{out}/deletion.json", "w") as file:
        file.write(files["deletion.json"].decode().replace("-cam 1", "-cam 2"))
    other = everything(manifest, out)
    tap.check(re.search("takes about .*: deletion [^,]*, stream [^,]*$",
                        other.stderr, re.MULTILINE)
              and "deletion is there already, but made with other settings"
              in other.stderr
              and without_report(read_all(out)) == without_report(files),
              "/cli/evaluate/all/makes-what-is-missing", other.stderr)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        manifest, _ = make_corpus(folder)
        check_shards(tap, manifest, folder)
        check_interrupted(tap, manifest, folder)
        check_all(tap, manifest, folder)
    tap.finish()


if __name__ == "__main__":
    main()
