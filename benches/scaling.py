#!/usr/bin/env python3
"""Show how much more work busy islands do on two workers than on one.

    benches/scaling.py              benches/programs/islands_parallel.vo
    benches/scaling.py --runs 9     best of nine runs of each

The program has two islands that compute and meet nobody until they are done.
It is run with `--workers 1` and `--workers 2` in turn; the best time of each
counts, start-up and compiling included. Both must print the same.

This does not check that the machine is quiet, nor that its processors are cores
of their own. Only the Python standard library is used. Exit status: 0 done,
1 something failed, 2 wrong usage.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

BENCHES = Path(__file__).resolve().parent


def timed(vo: str, program: Path, workers: int) -> tuple:
    started = time.perf_counter()
    done = subprocess.run(
        [vo, "run", "--workers", str(workers), str(program)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True,
    )
    return time.perf_counter() - started, done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vo", metavar="PATH", help="the vo command (default: target/release/vo)",
                        default=str(BENCHES.parent / "target" / "release" / "vo"))
    parser.add_argument("--runs", metavar="N", type=int, default=5,
                        help="best of N runs (default 5)")
    args = parser.parse_args()
    program = BENCHES / "programs" / "islands_parallel.vo"
    best, outputs = {1: float("inf"), 2: float("inf")}, set()
    try:
        for _ in range(args.runs):
            for workers in best:
                seconds, output = timed(args.vo, program, workers)
                best[workers] = min(best[workers], seconds)
                outputs.add(output)
    except (OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    if len(outputs) > 1:
        print("the output changes from run to run", file=sys.stderr)
        return 1
    for workers, seconds in best.items():
        print(f"{workers} worker{'s' if workers > 1 else ''}: {seconds:.3f} s")
    print(f"two workers do {best[1] / best[2]:.2f} times the work of one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
