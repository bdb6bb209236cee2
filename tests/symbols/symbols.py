#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The shared library exports the functions that the public headers declare, no
others, and each is documented.

  symbols.py LIBRARY HEADER ..
"""

import os
import re
import subprocess
import sys

LONGEST = 100
ALLOWED = re.compile(r"saliency/[\w-]+\.h$|glib-object\.h$")
FUNCTION = re.compile(
    r"(SAL_API\s+)?(?:const\s+)?\w+\s+\**\s*(sal_\w+)\s*\(([^;{]*)\)\s*;")
DOCUMENTED = re.compile(r"/\*\*\n \* (\w+):(.*?)\*/\s*(.*?)(?=\n\n|\Z)", re.S)


class Header:
    """One public header."""

    def __init__(self, path):
        self.name = os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        code = re.sub(r"/\*.*?\*/", "", self.text, flags=re.S)
        self.includes = re.findall(r'#include ["<]([^">]+)[">]', code)
        self.guarded = "G_BEGIN_DECLS" in code and "G_END_DECLS" in code
        code = re.sub(r"^#(\\\n|.)*$", "", code, flags=re.M)
        self.functions = {name: (bool(mark), arguments) for
                          mark, name, arguments in FUNCTION.findall(code)}
        self.types = set(re.findall(r"\b(Sal\w+);", re.sub(
            r"typedef struct (_Sal\w+)", "", code)))
        self.docs = {name: (doc, code) for name, doc, code
                     in DOCUMENTED.findall(self.text)}

    def undocumented(self):
        bad = []
        for name, (_, arguments) in self.functions.items():
            if name.endswith("_get_type"):
                continue  # the type is documented
            doc, code = self.docs.get(name, ("", ""))
            names = [argument.split()[-1].strip("*").split("[")[0]
                     for argument in arguments.split(",")
                     if argument.strip() not in ("", "void")]
            missing = [argument for argument in names
                       if f"@{argument}:" not in doc]
            if not re.search(rf"\b{name} \(", code):
                bad.append(f"{self.name}: {name} has no comment before it")
            elif "Since: " not in doc:
                bad.append(f"{self.name}: {name} does not say since when")
            elif missing:
                bad.append(f"{self.name}: {name} does not explain "
                           + ", ".join(missing))
            elif not re.match(rf"SAL_API\s+void\s+{name} ", code) \
                    and "Returns: " not in doc:
                bad.append(f"{self.name}: {name} does not say what it returns")
        for name in self.types:
            if "Since: " not in self.docs.get(name, ("", ""))[0]:
                bad.append(f"{self.name}: {name} has no full comment")
        return bad


def exported(library):
    """Names of functions and data; versions of symbols are none."""
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines
            if line.split()[-2] != "A"}


def check(number, name, bad):
    print(f"{'not ok' if bad else 'ok'} {number} - /symbols/{name}")
    for line in bad:
        print(f"# {line}")


def main():
    library, *paths = sys.argv[1:]
    headers = [Header(path) for path in paths]
    declared = {name for header in headers for name in header.functions}
    there = exported(library)
    whole = next(header for header in headers if header.name == "saliency.h")
    reached, left = set(), [whole]
    while left:
        header = left.pop()
        reached.add(header.name)
        left += [other for other in headers if other.name not in reached
                 and "saliency/" + other.name in header.includes]
    print("1..8")
    check(1, "headers-are-read", [] if len(declared) > 50
          else [f"only {len(declared)} functions found"])
    check(2, "declared-is-exported",
          [f"{name} is declared only" for name in sorted(declared - there)])
    check(3, "exported-is-declared",
          [f"{name} is exported only" for name in sorted(there - declared)])
    check(4, "declared-is-marked",
          [f"{header.name}: {name} has no SAL_API" for header in headers
           for name, (mark, _) in header.functions.items() if not mark])
    check(5, "documented",
          [line for header in headers for line in header.undocumented()])
    check(6, "usable-from-c++", [header.name for header in headers
                                 if not header.guarded and header.functions])
    check(7, "no-private-header",
          [f"{header.name} includes {name}" for header in headers
           for name in header.includes if not ALLOWED.match(name)]
          + [f"saliency.h does not reach {header.name}" for header in headers
             if header.name not in reached])
    check(8, "lines-are-short",
          [f"{header.name}:{number}: {len(line)} columns"
           for header in headers
           for number, line in enumerate(header.text.splitlines(), 1)
           if len(line) > LONGEST])


if __name__ == "__main__":
    main()
