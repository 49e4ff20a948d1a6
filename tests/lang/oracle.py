#!/usr/bin/env python3
"""Hold the language tests against Go.

    tests/lang/oracle.py [--go PATH] [--bless] [NAME...]

Every program here that is not about a rule of Vo's own is valid Go, and what
Go does is what is expected. This runs each under Go and compares the exit
status, the expected lines of standard error and the .out file; with --bless it
writes the .out file instead. A program with a line `// vo-only: WHY` in its
header is left out: its expectation is written by hand.

NAME is a topic (`maps`) or a program (`maps/keys`). Programs of `errors` do not
compile and are not looked at. Exit status: 0 all agree, 1 some do not.

The header of a program, the comment lines before anything else:

    // exit: N          the exit status, when it is not 0
    // stderr: TEXT     standard error contains TEXT (one line for each)
    // args: ARGS       more options for `vo run`
    // vo-only: WHY     Go does something else, or does not compile it
    // heavy: WHY       too long for a stress mode that stops at every poll
"""

import argparse
import concurrent.futures
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def header(text: str) -> dict:
    fields = {"exit": ["0"], "stderr": [], "args": [], "vo-only": [], "heavy": []}
    given_exit = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        key, colon, value = line[2:].strip().partition(": ")
        if colon and key == "exit":
            given_exit.append(value)
        elif colon and key in fields:
            fields[key].append(value)
    fields["exit"] = given_exit or fields["exit"]
    return fields


def check(go: str, program: Path, bless: bool) -> str:
    """What is wrong with the program, or nothing."""
    text = program.read_text(encoding="utf-8")
    expected = header(text)
    if expected["vo-only"]:
        return ""
    with tempfile.TemporaryDirectory(prefix="vo-oracle-") as folder:
        source, binary = Path(folder) / "main.go", Path(folder) / "main.bin"
        shutil.copyfile(program, source)
        built = subprocess.run([go, "build", "-o", str(binary), str(source)],
                               cwd=folder, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            return "go build: " + built.stderr.strip()
        try:
            ran = subprocess.run([str(binary)], cwd=folder, capture_output=True,
                                 timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return "no end after 60 s"
    wrong = []
    if ran.returncode != int(expected["exit"][0]):
        wrong.append(f"exit status {ran.returncode}, expected {expected['exit'][0]}")
    errors = ran.stderr.decode("utf-8", "replace")
    for wanted in expected["stderr"]:
        if wanted not in errors:
            wrong.append(f"standard error lacks {wanted!r}: {errors[:300]}")
    if not expected["stderr"] and errors:
        wrong.append(f"unexpected standard error: {errors[:300]}")
    out = program.with_suffix(".out")
    if bless:
        if ran.stdout:
            out.write_bytes(ran.stdout)
        else:
            out.unlink(missing_ok=True)
    elif (out.read_bytes() if out.exists() else b"") != ran.stdout:
        wrong.append(f"{out.name} differs from Go's output")
    return "; ".join(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--go", metavar="PATH", default="go")
    parser.add_argument("--bless", action="store_true", help="write the .out files")
    parser.add_argument("names", metavar="NAME", nargs="*")
    args = parser.parse_args()
    programs = [p for p in sorted(ROOT.glob("*/*.vo")) if p.parent.name != "errors"]
    if args.names:
        names = {n.removesuffix(".vo").strip("/") for n in args.names}
        programs = [p for p in programs
                    if p.parent.name in names or f"{p.parent.name}/{p.stem}" in names]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = pool.map(lambda p: check(args.go, p, args.bless), programs)
        for program, wrong in zip(programs, results):
            if wrong:
                bad += 1
                print(f"{program.parent.name}/{program.stem}: {wrong}", flush=True)
    print(f"{len(programs)} programs, {bad} disagree with Go")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
