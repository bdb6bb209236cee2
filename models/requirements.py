# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs of this folder say in one line which packages are missing."""

import importlib
import os
import sys
import warnings


def missing_for(name):
    """Name of what is missing to import a module: its own, or that of one
    which it needs; none if it can be imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch without numpy
        try:
            importlib.import_module(name)
        except ImportError as error:
            return (error.name or name).split(".")[0]
    return None


def need(*names):
    """Ends the program if modules cannot be imported, with what to install."""
    missing = sorted({missing_for(name) for name in names} - {None})
    if missing:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {sys.executable} has no "
                 f"{' and no '.join(missing)}: apt-get install "
                 + " ".join(f"python3-{name}" for name in missing))
