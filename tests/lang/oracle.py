#!/usr/bin/env python3
"""Hold the language tests against Go.

    tests/lang/oracle.py [--go PATH] [--bless] [NAME...]

Every program here that is not about a rule of Vo's own is valid Go, and what
Go does is what is expected. This runs each under Go and compares the exit
status, the expected lines of standard error and the .out file; with --bless it
writes the .out file instead. Of the programs in `errors`, which do not compile,
it checks that Go complains about the marked lines, in words that hold the
marked ones, and about no line before the first. A program with a `vo-only`
line in its header is left out: its expectation is written by hand.

NAME is a folder (`maps`, `spec/types`, `../programs`) or a program
(`maps/key_kinds`). README.md describes the format. Exit status: 0 all agree, 1 some do not.
"""

import argparse
import concurrent.futures
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def header(text: str) -> dict:
    fields = {"exit": ["0"], "stderr": [], "vo-only": []}
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


def sources(program: Path) -> dict[str, str]:
    """The files of a program by the paths that Go knows them by."""
    if program.is_file():
        return {"main.go": program.read_text(encoding="utf-8")}
    files = sorted(program.rglob("*.vo"))
    folders = {file.parent.relative_to(program).as_posix() for file in files} - {"."}

    def imported(path: re.Match) -> str:
        return f'"vo.test/{path[1]}"' if path[1] in folders else path[0]

    return {
        file.relative_to(program).with_suffix(".go").as_posix():
            re.sub(r'"([\w/]+)"', imported, file.read_text(encoding="utf-8"))
        for file in files
    }


def check_errors(files: dict[str, str], complaints: str) -> str:
    """Compare the lines marked in a program with what the Go compiler says."""
    marked, said = {}, {}
    for name, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if mark := re.search(r"// ERROR: (.+)$", line):
                marked[name, number] = mark.group(1).lower().split()
    for found in re.finditer(r"(?m)^(?:\./)?([\w/]+\.go):(\d+)(?::\d+)?: (.*)$", complaints):
        place = found.group(1), int(found.group(2))
        said[place] = said.get(place, "") + found.group(3).lower() + "\n"
    wrong = []
    for place, words in marked.items():
        if place not in said:
            wrong.append(f"line {place} is marked, Go accepts it")
        elif any(word not in said[place] for word in words):
            wrong.append(f"line {place}: Go says {said[place].strip()!r}")
    if not marked or not said or min(said) != min(marked):
        wrong.append(f"the first complaint is not the first mark: {complaints[:300]}")
    return "; ".join(wrong)


def label(program: Path) -> Path:
    """The program's path from here, without its ending."""
    if ROOT in program.parents:
        return program.relative_to(ROOT).with_suffix("")
    return ".." / program.relative_to(ROOT.parent).with_suffix("")


def check(go: str, program: Path, bless: bool) -> str:
    """What is wrong with the program, or nothing."""
    files = sources(program)
    expected = header(files["main.go"])
    if expected["vo-only"]:
        return ""
    refused = "errors" in label(program).parts
    with tempfile.TemporaryDirectory(prefix="vo-oracle-") as folder:
        binary = Path(folder) / "main.bin"
        for name, text in {**files, "go.mod": "module vo.test\n\ngo 1.27\n"}.items():
            source = Path(folder) / name
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(text, encoding="utf-8")
        # -e: all complaints, not the first ten.
        built = subprocess.run([go, "build", "-gcflags=-e", "-o", str(binary), "."],
                               cwd=folder, capture_output=True, text=True, check=False)
        if refused:
            return check_errors(files, built.stderr)
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
    folders = {file.parent for file in ROOT.glob("*/**/main.vo")}
    files = {p for p in ROOT.glob("*/**/*.vo") if not folders.intersection(p.parents)}
    ported = (ROOT.parent / "programs").glob("*.vo")
    programs = sorted(folders.union(files, ported))
    if args.names:
        names = {n.removesuffix(".vo").strip("/") for n in args.names}
        programs = [p for p in programs
                    if names.intersection(str(part) for part in label(p).parents)
                    or str(label(p)) in names]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = pool.map(lambda p: check(args.go, p, args.bless), programs)
        for program, wrong in zip(programs, results):
            if wrong:
                bad += 1
                print(f"{label(program)}: {wrong}", flush=True)
    print(f"{len(programs)} programs, {bad} disagree with Go")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
