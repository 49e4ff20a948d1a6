#!/usr/bin/env python3
"""Run the examples of Go's own packages as Vo programs.

    tests/lang/go_examples.py [--go PATH] [--vo PATH] [PACKAGE...]

The documentation of Go's standard packages is full of examples that tell what
they print. Each of them, with what its file has beside it, is run as a program
of its own, and what it prints is compared. PACKAGE is an import path (default:
every package of that name that Vo has).

Many are not Vo: they take the address of a number, or use what Vo does without.
Those that do not compile are counted, and with --refused told with their first
error. Those that print something else are always told; those of `log` do so by right
(it tells the file's name). Exit status: 0 all that
compile agree, 1 some do not.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

STD = Path(__file__).resolve().parents[2] / "crates/vo-lang/std"
LIMIT = 20
EXAMPLE = re.compile(r"(^func Example\w*\(\) \{\n.*?^\}\n)", re.M | re.S)
IMPORTS = re.compile(r"^import \([^)]*\)|^import .*$", re.M)
IMPORT = re.compile(r'(?:(\w+)\s+)?"([^"]+)"')
OUTPUT = re.compile(r"//\s*(unordered output|output):(.*?)^\}", re.M | re.S | re.I)


def examples(source: str):
    """The examples that tell what they print: name, program, whether in order, output."""
    source = source[re.search(r"^package \w+", source, re.M).end():]
    imports = [found for block in IMPORTS.findall(source) for found in IMPORT.findall(block)]
    parts = EXAMPLE.split(IMPORTS.sub("", source))
    beside = "".join(parts[0::2])
    for example in parts[1::2]:
        told = OUTPUT.search(example)
        if not told:
            continue
        name = re.match(r"func (\w+)", example)[1]
        body = beside + example
        used = [
            f'import {alias} "{path}"\n'
            for alias, path in imports
            if re.search(rf"\b{alias or path.split('/')[-1]}\.", body)
        ]
        program = f"package main\n{''.join(used)}{body}\nfunc main() {{ {name}() }}\n"
        lines = [line.strip().removeprefix("//") for line in told[2].splitlines()]
        yield name, program, told[1].lower() == "output", lines


def lines_of(text: list, ordered: bool) -> list:
    """As `go test` compares them, but that spaces within a line's ends do not count."""
    lines = "\n".join(line.strip() for line in text).strip().splitlines()
    return lines if ordered else sorted(lines)


def outcome(vo: str, file: Path, folder: Path, ordered: bool, expected: list) -> tuple:
    """What came of a program: how it is counted, and what there is to tell."""
    check = subprocess.run([vo, "check", file], capture_output=True, text=True)
    if check.returncode:
        return "do not compile", f"is refused: {check.stderr.splitlines()[0]}"
    environment = os.environ | {"TZ": "America/Los_Angeles"}
    try:
        ran = subprocess.run([vo, "run", file], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=LIMIT, cwd=folder, env=environment)
    except subprocess.TimeoutExpired:
        return "differ", "takes too long"
    printed = lines_of(ran.stdout.splitlines(), ordered)
    if printed == lines_of(expected, ordered):
        return "agree", ""
    return "differ", f"prints {printed[:3]}... {ran.stderr[:200]}"


def all_examples(sources: Path, packages: list):
    """The examples of packages, each with its package."""
    for package in packages:
        for path in sorted((sources / package).glob("*example*_test.go")):
            for example in examples(path.read_text()):
                yield package, *example


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--go", default="go")
    parser.add_argument("--vo", default="target/release/vo")
    parser.add_argument("--refused", action="store_true", help="tell what does not compile")
    parser.add_argument("packages", nargs="*")
    args = parser.parse_args()
    root = subprocess.run([args.go, "env", "GOROOT"], capture_output=True, text=True, check=True)
    sources = Path(root.stdout.strip()) / "src"
    packages = args.packages or sorted(
        str(folder.relative_to(STD))
        for folder in STD.rglob("*")
        if folder.is_dir() and "internal" not in folder.parts and (sources / folder.relative_to(STD)).is_dir()
    )
    vo = str(Path(args.vo).resolve())
    counts = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "main.vo"
        for package, name, program, ordered, expected in all_examples(sources, packages):
            file.write_text(program)
            what, told = outcome(vo, file, sources / package, ordered, expected)
            counts[what] += 1
            if what == "differ" or (what == "do not compile" and args.refused):
                print(f"{package}: {name} {told}")
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    return 1 if counts["differ"] else 0


if __name__ == "__main__":
    sys.exit(main())
