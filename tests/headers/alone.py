#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A public header compiles alone, in C and in C++, without a warning.

  alone.py HEADER FOLDERS CC CXX    FOLDERS by ":", commands by blanks, CXX may be empty
"""

import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror"]


def flags(package):
    return subprocess.run(["pkg-config", "--cflags", package], check=True,
                          capture_output=True, text=True).stdout.split()


def check(number, name, command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True,
                          check=False)
    print(f"{'ok' if done.returncode == 0 else 'not ok'} {number} - {name}")
    for line in done.stderr.splitlines():
        print(f"# {line}")


def main():
    header, folders, cc, cxx = sys.argv[1:]
    # Twice: it must bear that.
    text = f"#include <saliency/{header}>\n" * 2 + "int main (void);\n"
    include = [f"-I{folder}" for folder in folders.split(":")] \
        + flags("gobject-2.0")
    print("1..2")
    check(1, f"/headers/{header}/c11", cc.split() + [
        "-std=c11", "-fsyntax-only", "-x", "c", "-", "-Wstrict-prototypes",
        *WARNINGS, *include], text)
    if cxx:
        check(2, f"/headers/{header}/c++11", cxx.split() + [
            "-std=c++11", "-fsyntax-only", "-x", "c++", "-",
            *WARNINGS, *include], text)
    else:
        print(f"ok 2 - /headers/{header}/c++11 # SKIP no C++ compiler")


if __name__ == "__main__":
    main()
