#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command bench: its report, not the speed."""

import json

from sounds import MODEL, SHIPPED_MODEL, Tap, run

NUMBERS = ("threads", "frames", "windows", "ms_forward", "ms_cam", "ms_dense",
           "gflops", "peak_gflops", "arena_bytes")
STREAM_NUMBERS = ("n", "cpu_percent_per_stream", "realtime_factor")
MOST_ARENA = 60e6  # bytes that a window of 2 s of the full model may need


def report_of(tap, name, result):
    """The printed report; empty, and a failed check, without one."""
    try:
        report = json.loads(result.stdout)
    except json.JSONDecodeError as error:
        tap.check(False, name, f"{error}\n{result.stderr}")
        return {}
    tap.check(result.returncode == 0, name, result.stderr)
    return report


def all_positive(row, keys):
    return all(isinstance(row.get(key), (int, float)) and row[key] > 0
               for key in keys)


def check_window(tap):
    result = run("bench", "-m", MODEL, "--windows", "3", "--frames", "100",
                 "--json")
    report = report_of(tap, "/cli/bench/prints-json", result)
    tap.check(all_positive(report, NUMBERS) and report["frames"] == 100
              and report["windows"] == 3 and report["threads"] == 1,
              "/cli/bench/measures-a-window", report)
    tap.check(report.get("model") == "tiny" and report.get("cpu"),
              "/cli/bench/names-model-and-processor", report)
    result = run("bench", "-m", MODEL, "--windows", "1")
    tap.check(result.returncode == 0 and result.stdout.count(" ms ") == 3
              and "200 frames" in result.stdout,
              "/cli/bench/prints-text", result.stdout + result.stderr)


def check_memory(tap):
    result = run("bench", "-m", SHIPPED_MODEL, "--windows", "1", "--json")
    report = report_of(tap, "/cli/bench/takes-the-shipped-model", result)
    tap.check(0 < report.get("arena_bytes", 0) < MOST_ARENA,
              "/cli/bench/memory-of-a-window", report)


def check_streams(tap):
    """Two streams at most: two rows, or the last one fell behind."""
    result = run("bench", "-m", MODEL, "--streams", "--max-streams", "2",
                 "--json")
    report = report_of(tap, "/cli/bench/streams/prints-json", result)
    rows = report.get("streams", [])
    tap.check([row.get("n") for row in rows] in ([1, 2], [1])
              and all(all_positive(row, STREAM_NUMBERS) for row in rows),
              "/cli/bench/streams/counts-up", report)
    tap.check(rows != [] and (len(rows) == 2
                              or rows[-1]["realtime_factor"] < 1),
              "/cli/bench/streams/ends-where-they-fall-behind", report)
    result = run("bench", "-m", MODEL, "--streams", "--max-streams", "1")
    tap.check(result.returncode == 0
              and len(result.stdout.splitlines()) == 2,
              "/cli/bench/streams/prints-text", result.stdout + result.stderr)


def check_errors(tap):
    """Exit code, and a piece of the one line that is printed."""
    cases = {
        "no-windows": (2, "--windows is 0", ["--windows", "0"]),
        "short-window": (2, "--frames is 7, outside 16..2000",
                         ["--frames", "7"]),
        "long-window": (2, "--frames is 2001", ["--frames", "2001"]),
        "no-streams": (2, "--max-streams is 0",
                       ["--streams", "--max-streams", "0"]),
        "no-number": (2, "many", ["--windows", "many"]),
        "file": (2, "at most 0", ["a.wav"]),
        "missing-model": (1, "nowhere.safetensors",
                          ["-m", "nowhere.safetensors"]),
    }
    for name, (code, piece, words) in cases.items():
        result = run("bench", *words)
        tap.check(result.returncode == code and piece in result.stderr
                  and len(result.stderr.splitlines()) == 1,
                  f"/cli/bench/refuses/{name}",
                  f"exit code {result.returncode}\n{result.stderr}")


def main():
    tap = Tap()
    for check in (check_window, check_memory, check_streams, check_errors):
        check(tap)
    tap.finish()


if __name__ == "__main__":
    main()
