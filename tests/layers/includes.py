#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Includes run downward: no wing of core includes one above it, and no files
include each other in a circle.

A file is a pair, NAME.c with NAME.h and NAME-internal.h; a public header lies
in core/include/saliency and belongs to the wing of its NAME.c.
"""

import os
import re
import sys

# From the ground up; the table in the README lists the same.
WINGS = ["base", "compute", "signal", "network", "voice", "enrol", "map",
         "stream", "mask", "picture", "eval", "cli"]
# Beside each other: neither may use the other.
APART = [("enrol", "map"), ("enrol", "stream"), ("enrol", "mask"),
         ("stream", "mask"), ("picture", "stream"), ("picture", "mask"),
         ("picture", "enrol")]
PUBLIC = "include/saliency/"
EVERYTHING = PUBLIC + "saliency.h"  # includes all of the library


def read_sources(root):
    """Paths from `root`, slashes between, to lists of quoted names."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            if not name.endswith((".c", ".h")):
                continue
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            found[os.path.relpath(path, root).replace(os.sep, "/")] = \
                re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', text, re.M)
    return found


def locate(sources, path, name):
    """The file of ours that is included, or None."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    for candidate in (name, "include/" + name, beside):
        if candidate in sources:
            return candidate
    return None


def stem(path):
    return re.sub(r"(-internal)?\.[ch]$", "", os.path.basename(path))


class House:
    """The files of core, and which includes which."""

    def __init__(self, root):
        self.sources = read_sources(root)
        self.homes = {stem(path): path.split("/")[0]
                      for path in self.sources
                      if path.endswith(".c")
                      and path.split("/")[0] in WINGS[:WINGS.index("picture")]}
        self.edges = [(path, target)
                      for path, names in self.sources.items()
                      for target in (locate(self.sources, path, name)
                                     for name in names)
                      if target is not None and target != path]

    def wing(self, path):
        if path.startswith(PUBLIC):
            return self.homes.get(stem(path), WINGS[0])
        return path.split("/")[0]

    def pair(self, path):
        folder = self.wing(path) if path.startswith(PUBLIC) \
            else os.path.dirname(path)
        return folder + "/" + stem(path)

    def upward(self):
        """Includes that a wing may not make."""
        bad = []
        for path, target in self.edges:
            if path == EVERYTHING or target == EVERYTHING:
                if path != EVERYTHING and self.wing(path) not in ("cli",):
                    bad.append(f"{path} includes {target}")
                continue
            here, there = self.wing(path), self.wing(target)
            if here not in WINGS:
                bad.append(f"{path} lies in no wing")
            elif (WINGS.index(there) > WINGS.index(here)
                  or (here, there) in APART or (there, here) in APART):
                bad.append(f"{path} ({here}) includes {target} ({there})")
        return bad

    def circles(self):
        """Pairs that reach themselves [Tarjan 1972]."""
        graph = {}
        for path, target in self.edges:
            if EVERYTHING not in (path, target) \
                    and self.pair(path) != self.pair(target):
                graph.setdefault(self.pair(path), set()).add(
                    self.pair(target))
        index, low, stack, found = {}, {}, [], []

        def visit(node):
            index[node] = low[node] = len(index)
            stack.append(node)
            for other in sorted(graph.get(node, ())):
                if other not in index:
                    visit(other)
                if other in stack:
                    low[node] = min(low[node], low[other])
            if low[node] == index[node]:
                circle = stack[stack.index(node):]
                del stack[stack.index(node):]
                if len(circle) > 1:
                    found.append(" and ".join(sorted(circle)))

        for node in sorted(graph):
            if node not in index:
                visit(node)
        return found

    def strangers(self, root):
        """Includes of plugin and examples that are not of the public API."""
        bad = []
        for path, names in read_sources(root).items():
            for name in names:
                inside = locate(self.sources, "", name)
                if inside is not None and not inside.startswith(PUBLIC):
                    bad.append(f"{path} includes {name}")
        return bad


def check(number, name, bad):
    print(f"{'not ' if bad else ''}ok {number} - {name}")
    for line in bad:
        print(f"# {line}")


def main():
    tree = sys.argv[1]
    house = House(os.path.join(tree, "core"))
    print("1..4")
    check(1, "/layers/core-is-read", [] if len(house.edges) > 100
          else [f"only {len(house.edges)} includes found"])
    check(2, "/layers/no-include-runs-upward", house.upward())
    check(3, "/layers/no-circle-of-files", house.circles())
    check(4, "/layers/plugin-and-examples-use-the-public-api",
          house.strangers(os.path.join(tree, "plugin"))
          + house.strangers(os.path.join(tree, "examples")))


if __name__ == "__main__":
    main()
