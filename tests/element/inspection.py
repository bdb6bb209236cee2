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
            "action enrol-finish": r'"enrol-finish" : +GstStructure',
            "what reset does": r"Action-reset +reset \(\): \w.{20,}\n",
            "what enrol-start does":
                r"Action-enrol-start +enrol-start \(name\): \w.{20,}\n",
            "what enrol-finish does":
                r"Action-enrol-finish +enrol-finish \(path\): \w.{20,}\n",
            "what enrol-finish-async does":
                r"Action-enrol-async +enrol-finish-async \(path\): "
                r"\w.{20,}\n"}.items():
        check(f"it says: {name}", re.search(pattern, text) is not None)
    return text


def check_property(spec, text):
    """It is described; every number has a unit and a range, and it says when
    it may change."""
    entry = re.search(rf"\n  {spec.name} +:.*?(?=\n  \S|\n\n)", text, re.S)
    writable = spec.flags & GObject.ParamFlags.WRITABLE
    said = entry is not None and len(spec.blurb or "") > 9 and (
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


def values_of(element):
    return {name: str(element.get_property(name))
            for name in element.get_property_names()}


def check_preset_contents():
    element = Gst.ElementFactory.make(ELEMENT)
    names = element.get_property_names()
    check("a preset says which properties it has",
          {"mask", "hop", "layers", "floor"} <= set(names)
          and not {"target", "targets", "model", "bypass"} & set(names))
    element.load_preset("Conversation")
    fresh = values_of(element)
    element = Gst.ElementFactory.make(ELEMENT)
    element.load_preset("Map")
    element.load_preset("Conversation")
    check("a preset leaves nothing of the one before",
          values_of(element) == fresh)
    check("a preset that is not there changes nothing",
          not element.load_preset("Nobody") and values_of(element) == fresh)


def check_preset_target():
    """Whom it looked for, whatever the name."""
    target = 'C:\\voices\\Zoë "Z" O\'Hara; a=b\t#1.speaker'
    element = Gst.ElementFactory.make(ELEMENT)
    element.set_property("target", target)
    element.set_property("targets", Gst.ValueArray([target, "b, c"]))
    saved = element.save_preset("Zoë")
    element = Gst.ElementFactory.make(ELEMENT)
    loaded = element.load_preset("Zoë")
    check("a target survives in a preset", saved and loaded
          and element.get_property("target") == target
          and list(element.get_property("targets")) == [target, "b, c"])
    element.load_preset("Map")
    check("a preset without a target leaves it",
          element.get_property("target") == target)


def check_preset_update(folder):
    """Saving writes all presets there are into the user's file, with the
    version of GStreamer.  New ones of ours arrive all the same, and what the
    user has stays."""
    path = os.path.join(folder, "gstreamer-1.0", "presets",
                        "GstSpeakerSaliency.prs")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check("the user's file has the version of GStreamer, or ours",
          re.search(r"^version=\d+\.\d+\.\d+", text, re.M) is not None)
    with open(path, "w", encoding="utf-8") as file:
        file.write("[_presets_]\nversion=" + Gst.version_string().split()[1]
                   + "\nelement-name=GstSpeakerSaliency\n\n"
                   "[Recording]\nmask=none\nhop=50000000\n")
    code = (f"import gi; gi.require_version('Gst', '1.0'); "
            f"from gi.repository import Gst; Gst.init(None); "
            f"e = Gst.ElementFactory.make('{ELEMENT}'); "
            f"e.load_preset('Recording'); print(e.get_property('hop'), "
            f"*sorted(e.get_preset_names()))")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True,
                         text=True, timeout=60)
    print("#", run.stdout.strip(), run.stderr.strip())
    check("new presets of ours arrive, the user's own stay",
          run.stdout.split() == [str(50 * Gst.MSECOND), *sorted(PRESETS)])


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
        check_preset_contents()
        check_preset_target()
        check_preset_update(folder)
    end()


if __name__ == "__main__":
    main()
