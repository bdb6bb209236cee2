#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The model is found beside the program or the library, in whatever prefix they
lie, and in the build folder."""

import os
import shutil
import subprocess
import sys
import tempfile

from sounds import MODEL, SHIPPED_MODEL, Tap

COMMAND, LIBRARY = shutil.which("speakersaliency"), sys.argv[1]
PLACE = "share/speakersaliency/resnet34se.safetensors"


def install(prefix, program, place):
    """A copy of a program in a prefix that has a model of its own."""
    target = f"{prefix}/{place}"
    os.makedirs(os.path.dirname(target))
    shutil.copy(program, target)
    os.makedirs(os.path.dirname(f"{prefix}/{PLACE}"), exist_ok=True)
    if not os.path.exists(f"{prefix}/{PLACE}"):
        shutil.copy(MODEL, f"{prefix}/{PLACE}")
    return target


def describe(command, **more):
    """The first line of what the command says of the usual model."""
    env = {k: v for k, v in os.environ.items() if k != "SPEAKERSALIENCY_MODEL"}
    result = subprocess.run([command, "model"], capture_output=True, text=True,
                            env={**env, **more}, cwd="/")
    return (result.stdout + result.stderr).split("\n")[0]


def library_path(library):
    """What the library says when it is loaded from a place of its own."""
    code = ("import ctypes, sys; f = ctypes.CDLL(sys.argv[1])."
            "sal_model_get_default_path; f.restype = ctypes.c_char_p; "
            "print(f().decode())")
    env = {k: v for k, v in os.environ.items() if k != "SPEAKERSALIENCY_MODEL"}
    result = subprocess.run([sys.executable, "-c", code, library], env=env,
                            capture_output=True, text=True)
    return result.stdout.strip() or result.stderr


def main():
    tap = Tap()
    found = describe(COMMAND)
    tap.check(found.endswith("resnet34se") and "/share/" in found,
              "/cli/places/build-folder", found)
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.realpath(folder)
        command = install(prefix, COMMAND, "bin/speakersaliency")
        library = install(prefix, LIBRARY,
                          "lib/x86_64-linux-gnu/libsaliency-1.0.so.0")
        model = f"{prefix}/{PLACE}"
        found = describe(command)
        tap.check(found == f"{model}: tiny", "/cli/places/prefix", found)
        os.symlink(command, f"{prefix}/link")
        found = describe(f"{prefix}/link")
        tap.check(found == f"{model}: tiny", "/cli/places/link", found)
        found = library_path(library)
        tap.check(found == model, "/cli/places/library", found)
        found = describe(command, SPEAKERSALIENCY_MODEL=SHIPPED_MODEL)
        tap.check(found == f"{SHIPPED_MODEL}: resnet34se",
                  "/cli/places/variable-first", found)
        os.remove(model)
        found = describe(command)
        tap.check(prefix not in found, "/cli/places/configured-last", found)
    tap.finish()


if __name__ == "__main__":
    main()
