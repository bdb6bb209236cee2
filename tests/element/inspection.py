# SPDX-License-Identifier: GPL-2.0-or-later
"""Check 1: what gst-inspect-1.0 says, and the presets."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

from tap import check, end  # noqa: E402

ELEMENT = "speakersaliency"
PRESETS = {
    "Follow": {"mask": "none", "method": "none", "hop": 250 * Gst.MSECOND},
    "Conversation": {"mask": "time", "lookahead": 250 * Gst.MSECOND,
                     "budget": 100 * Gst.MSECOND, "floor": -40},
    "Recording": {"mask": "time", "lookahead": Gst.SECOND, "floor": -60},
    "Map": {"mask": "none", "attach-meta": True},
}


def inspect(*arguments):
    """In an environment where a warning ends it."""
    run = subprocess.run(["gst-inspect-1.0", "--no-colors", *arguments],
                         capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout


def check_description():
    status, text = inspect(ELEMENT)
    check("gst-inspect-1.0 shows it without a warning", status == 0)
    for name, pattern in {
            "klass": r"Klass +Filter/Effect/Analyzer/Audio\n",
            "description": r"Description +\w.{30,}\n",
            "documentation": r"Doc-uri +\w+://\S+README.md\n",
            "licence": r"License +GPL\n",
            "release date": r"Source release date +20\d\d-\d\d-\d\d\n",
            "action reset": r'"reset" : +void',
            "action enrol-start": r'"enrol-start" : +gboolean',
            "action enrol-finish": r'"enrol-finish" : +GstStructure'}.items():
        check(f"it says: {name}", re.search(pattern, text) is not None)
    return text


def check_property(spec, text):
    """Every number has a unit and a range, and it says when it may change."""
    entry = re.search(rf"\n  {spec.name} +:.*?(?=\n  \S|\n\n)", text, re.S)
    writable = spec.flags & GObject.ParamFlags.WRITABLE
    said = entry is not None and (
        "changeable" in entry[0] if writable else "writable" not in entry[0])
    if spec.value_type == GObject.TYPE_UINT64:
        said &= re.search(r"\bns\b", spec.blurb) is not None
    if spec.value_type == GObject.TYPE_FLOAT:
        said &= re.search(r"\bdB\b|%|robability|factor", spec.blurb) is not None
        said &= re.search(r"\d to \d", spec.blurb) is not None
    check(f"{spec.name} has its unit and says when it may change", said)


def is_in_range(spec, value):
    return not hasattr(spec, "minimum") or \
        spec.minimum <= value <= spec.maximum


def check_presets(element):
    names = element.get_preset_names()
    check("all presets are found", sorted(names) == sorted(PRESETS))
    for name, wanted in PRESETS.items():
        element = Gst.ElementFactory.make(ELEMENT)
        right = element.load_preset(name)
        for key, value in wanted.items():
            got = element.get_property(key)
            right &= getattr(got, "value_nick", got) == value
        for spec in own_properties(element):
            right &= is_in_range(spec, element.get_property(spec.name))
        check(f"preset {name} can be loaded", right)
        check(f"preset {name} says what it is for",
              element.get_meta(name, "comment")[0])

    element.set_property("floor", -33.0)
    element.set_property("layers", 3)
    saved = element.save_preset("Mine")
    element = Gst.ElementFactory.make(ELEMENT)
    check("a preset can be saved and loaded",
          saved and element.load_preset("Mine")
          and element.get_property("floor") == -33
          and int(element.get_property("layers")) == 3)


def own_properties(element):
    return [spec for spec in element.list_properties()
            if spec.owner_type == element.__gtype__]


def main():
    if shutil.which("gst-inspect-1.0") is None:
        print("1..0 # SKIP gst-inspect-1.0 is not installed")
        sys.exit(0)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder
        Gst.init(None)
        text = check_description()
        element = Gst.ElementFactory.make(ELEMENT)
        for spec in own_properties(element):
            check_property(spec, text)
        status, text = inspect("-b")
        check("no file of ours is blacklisted",
              status == 0 and "saliency" not in text)
        plugin = Gst.Registry.get().find_plugin(ELEMENT)
        check("the file is named after the plugin",
              os.path.basename(plugin.get_filename())
              == f"libgst{plugin.get_name()}.so")
        check_presets(element)
    end()


if __name__ == "__main__":
    main()
