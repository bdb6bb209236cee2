#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts what meson's logs (testlog.json, testlog-SETUP.json) say: every TAP
subtest, and programs that print no TAP as one test each.  Prints failures,
then the line

    N passed, N failed, N skipped

and exits with 1 if something failed or nothing ran.
"""

import json
import os
import re
import sys

POINT = re.compile(r"(not )?ok\b\s*(\d*)\s*(.*)")


def count_program(entry):
    """(passed, list of failures, skipped) of one program."""
    name, result = entry["name"], entry["result"]
    passed, failures, skipped, plan = 0, [], 0, None
    for line in (entry.get("stdout") or "").splitlines():
        if re.match(r"1\.\.\d+", line):
            plan = int(line.split()[0][3:])
            skipped += plan == 0
            continue
        match = POINT.match(line)
        if not match:
            continue
        if "# skip" in line.lower():
            skipped += 1
        elif match[1]:
            failures.append(f"{name}: {match[3]}")
        else:
            passed += 1
    if plan is None and not passed + len(failures):
        passed, skipped = int(result == "OK"), int(result == "SKIP")
    missing = (plan or 0) - passed - len(failures) - skipped
    failures += [f"{name}: not run"] * max(0, missing)
    if result not in ("OK", "SKIP", "EXPECTEDFAIL") and not failures:
        failures.append(f"{name}: {result}")
    return passed, failures, skipped


def entries(paths):
    """What each program of each log left, those of a setup named so."""
    for path in paths:
        setup = re.fullmatch(r"testlog-(.*)\.json", os.path.basename(path))
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                entry = json.loads(line)
                if setup:
                    entry["name"] += f" ({setup[1]})"
                yield entry


def main(paths):
    passed, failures, skipped = 0, [], 0
    for entry in entries(filter(os.path.exists, paths)):
        counts = count_program(entry)
        passed += counts[0]
        failures += counts[1]
        skipped += counts[2]
    for failure in failures:
        print("failed:", failure)
    print(f"{passed} passed, {len(failures)} failed, {skipped} skipped")
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
