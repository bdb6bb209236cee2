# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of TAP."""

import sys

N_TESTS = 0
N_FAILED = 0


def check(name, condition):
    """One line."""
    global N_TESTS, N_FAILED
    N_TESTS += 1
    N_FAILED += not condition
    print("ok" if condition else "not ok", N_TESTS, name, flush=True)


def end():
    print(f"1..{N_TESTS}")
    sys.exit(1 if N_FAILED else 0)
