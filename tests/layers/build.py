#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Without tests only what is installed is built; packages install with progress.

    tests/layers/build.py SOURCE
"""

import json
import os
import re
import subprocess
import sys
import tempfile

TREE = os.path.realpath(sys.argv[1])
FAKES = {
    "dpkg-query": "echo not-installed; exit 1\n",
    "apt-get": """\
case "$*" in
  *-s*install*) for i in 1 2 3 4; do echo "Inst p$i"; done ;;
  *install*)
    for i in 1 2 3 4; do echo "Get:$i p$i"; done
    [ ! -e "$FAIL" ] || { echo "E: no room"; exit 100; }
    for i in 1 2 3 4; do echo "Unpacking p$i"; echo "Setting up p$i"; done ;;
esac
""",
}


def check(ok, name, why=""):
    check.n += 1
    check.failed += not ok
    print(f"{'ok' if ok else 'not ok'} {check.n} - {name}")
    if not ok:
        for line in str(why).splitlines():
            print(f"# {line}")


check.n = check.failed = 0


def demo_options():
    """The options that the demo sets its build folder up with."""
    with open(f"{TREE}/examples/demo") as file:
        (options,) = re.findall(r'meson setup "\$build" "\$source" (.*)',
                                file.read())
    return options.split()


def check_targets(folder):
    build = f"{folder}/build"
    setup = subprocess.run(["meson", "setup", build, TREE, *demo_options()],
                           capture_output=True, text=True)
    if setup.returncode != 0:
        check(False, "/build/demo/is-set-up", setup.stdout + setup.stderr)
        return
    targets = json.loads(subprocess.run(
        ["meson", "introspect", "--targets", build], capture_output=True,
        text=True, check=True).stdout)
    names = {t["name"] for t in targets}
    tests = [t["name"] for t in targets if t["build_by_default"]
             and t["type"] != "custom"
             and t["defined_in"].startswith(f"{TREE}/tests/")]
    check(not tests, "/build/demo/builds-no-tests", tests)
    check({"speakersaliency", "saliency-1.0"} <= names,
          "/build/demo/builds-what-is-installed", names)
    not_built = [t["name"] for t in targets
                 if t["installed"] and not t["build_by_default"]]
    check(not not_built, "/build/demo/leaves-nothing-to-the-installation",
          not_built)


def check_packages(folder):
    for name, text in FAKES.items():
        with open(f"{folder}/{name}", "w") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(f"{folder}/{name}", 0o755)
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}",
           "FAIL": f"{folder}/fail"}
    words = [f"{TREE}/examples/packages"]
    result = subprocess.run(words, capture_output=True, text=True, env=env)
    percents = [int(n) for n in re.findall(r"(\d+) %", result.stderr)]
    check(result.returncode == 0 and len(percents) >= 5
          and percents == sorted(percents) and percents[-1] == 100,
          "/build/packages/say-how-far-they-are", result.stderr)
    open(env["FAIL"], "w").close()
    result = subprocess.run(words, capture_output=True, text=True, env=env)
    check(result.returncode == 1 and "no room" in result.stderr,
          "/build/packages/say-why-they-fail", result.stderr)


with tempfile.TemporaryDirectory() as scratch:
    check_targets(scratch)
    check_packages(scratch)
print(f"1..{check.n}")
sys.exit(check.failed > 0)
