# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs in C, C++ and Python are built and run against an installed tree.

  installed.py SOURCE BUILD VERSION CC CXX    CXX may be empty

Installs into an empty folder and finds all there through pkg-config alone.
"""

import os
import subprocess
import sys
import tempfile

from demo_voices import RATE, target
from tap import check, end

PACKAGE = "saliency-1.0"


def run(command, **options):
    """Its output, or None with the reason as a comment."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, **options)
    if done.returncode == 0:
        return done.stdout
    print(f"# {' '.join(command)}: exit code {done.returncode}")
    for line in (done.stdout + done.stderr).decode().splitlines():
        print(f"# {line}")
    return None


def find(root, name):
    return next((os.path.join(folder, name) for folder, _, names
                 in os.walk(root) if name in names), None)


class Tree:
    """What was installed."""

    def __init__(self, root):
        self.root = root
        self.pc = find(root, PACKAGE + ".pc")
        self.env = dict(os.environ)
        self.env["PKG_CONFIG_PATH"] = os.path.dirname(self.pc or "")
        self.env["LD_LIBRARY_PATH"] = self.ask("--variable=libdir")

    def ask(self, *words):
        out = run(["pkg-config", *words, PACKAGE], env=self.env)
        return (out or b"").decode().strip()

    def build(self, compiler, source, name):
        """The program, or None."""
        program = os.path.join(self.root, name)
        made = run([*compiler.split(), source, "-o", program,
                    *self.ask("--cflags", "--libs").split()], env=self.env)
        return program if made is not None else None


def check_tree(tree, version):
    check("/install/pkg-config", tree.pc is not None
          and tree.ask("--modversion") == version)
    libdir = tree.ask("--variable=libdir")
    check("/install/lies-in-its-tree", libdir.startswith(tree.root + "/"))
    check("/install/soname", os.path.exists(
        os.path.join(libdir, f"lib{PACKAGE}.so.0")))
    check("/install/no-private-header",
          find(tree.root, "model-internal.h") is None)


def check_c(tree, source, model, speaker, sound, cc, built):
    program = tree.build(cc, os.path.join(source, "examples/embed.c"), "embed")
    check("/install/c/builds", program is not None)
    if program is None:
        return
    out = run([program, model, speaker], input=sound, env=tree.env)
    check("/install/c/runs", out is not None and out.count(b"probability") > 5)
    check("/install/c/as-from-the-build",
          out == run([built, model, speaker], input=sound))


def check_cxx(tree, source, model, speaker, sound, cxx):
    """Makes the speaker."""
    program = tree.build(cxx + " -std=c++17 -Wall -Wextra -Werror",
                         os.path.join(source, "tests/install/voices.cpp"),
                         "voices")
    check("/install/c++/builds", program is not None)
    out = program and run([program, model, speaker], input=sound, env=tree.env)
    words = (out or b"0 of 0").split()
    check("/install/c++/runs",
          int(words[2]) > 5 and int(words[0]) > int(words[2]) / 2)


def check_python(tree, source, model, speaker, sound, version, cc):
    typelib = find(tree.root, "Saliency-1.0.typelib")
    if typelib is None:
        print("# no GObject introspection")
        return
    program = tree.build(
        cc, os.path.join(source, "tests/bindings/maps.c"), "maps")
    env = dict(tree.env, GI_TYPELIB_PATH=os.path.dirname(typelib))
    out = run([sys.executable, os.path.join(source, "tests/bindings/"
                                            "bindings.py"),
               model, program, version], env=env)
    check("/install/python/runs", out is not None and b"not ok" not in out)
    example = os.path.join(source, "examples/embed.py")
    out = run([sys.executable, example, model, speaker], input=sound, env=env)
    check("/install/python/example-prints-what-c-prints",
          out is not None and out == run(
              [os.path.join(tree.root, "embed"), model, speaker],
              input=sound, env=env))


def main():
    source, build, version, cc, cxx = sys.argv[1:]
    sound = target(4).tobytes()
    assert len(sound) == 4 * 4 * RATE
    with tempfile.TemporaryDirectory() as root:
        made = run(["meson", "install", "-C", build, "--no-rebuild",
                    "--destdir", root, "--quiet"])
        check("/install/installs", made is not None)
        tree = Tree(root)
        check_tree(tree, version)
        model = os.path.join(tree.ask("--variable=modeldir"),
                             "resnet34se.safetensors")
        speaker = os.path.join(root, "a.speaker")
        if cxx:
            check_cxx(tree, source, model, speaker, sound, cxx)
        else:
            speaker = "ls103"  # a class of the model
        check_c(tree, source, model, speaker, sound, cc,
                os.path.join(build, "examples/embed"))
        check_python(tree, source, model, speaker, sound, version, cc)
    end()


if __name__ == "__main__":
    main()
