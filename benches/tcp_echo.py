#!/usr/bin/env python3
"""TCP echo: a server in Vo beside the same program in Go, under the same load generator.

    cargo build --release && cargo bench --no-run --bench tcp_load
    benches/tcp_echo.py --load target/release/deps/tcp_load-*   [--connections 1000] [--cores 0]

The servers run alternately, pinned to the cores of --cores (the generator to the others of
--load-cores), each for --rounds rounds; printed are the median messages a second of each, the processor
time for each message (which is worth something also where the machine has other work), and the ratio. Then 10,000 connections are opened, and what the Vo server's memory is then.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "examples" / "tcp_echo.vo"


def pinned(cores, command):
    return (["taskset", "-c", cores] if cores else []) + command


class Server:
    """A running server; knows its address."""

    def __init__(self, command, cores):
        env = dict(os.environ)
        if cores:
            env["GOMAXPROCS"] = str(len(cores.split(",")))
        self.process = subprocess.Popen(pinned(cores, command), stdout=subprocess.PIPE, text=True, env=env)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit(f"{command[0]} said {line!r}")
        self.address = line.split()[-1]

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def seconds(self):
        """Processor time so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.kill()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", required=True, help="the load generator")
    parser.add_argument("--vo", default=str(ROOT / "target/release/vo"))
    parser.add_argument("--go", default=shutil.which("go") or "go")
    parser.add_argument("--connections", default="1000")
    parser.add_argument("--idle", default="10000")
    parser.add_argument("--seconds", default="3")
    parser.add_argument("--bytes", default="64")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", default="0")
    parser.add_argument("--load-cores", default="1")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "tcp_echo.go"
        copy.write_text(SOURCE.read_text())
        binary = str(pathlib.Path(folder) / "tcp_echo")
        subprocess.run([args.go, "build", "-o", binary, str(copy)], check=True)
        servers = {
            "go": [binary, "127.0.0.1:0"],
            "vo": [args.vo, "run", str(SOURCE), "--", "127.0.0.1:0"],
        }
        rates = {name: [] for name in servers}
        costs = {name: [] for name in servers}
        for _ in range(args.rounds):
            for name, command in servers.items():
                server = Server(command, args.cores)
                load = [args.load, "load", server.address, args.connections, args.seconds, args.bytes]
                before = server.seconds()
                output = subprocess.run(
                    pinned(args.load_cores, load), check=True, stdout=subprocess.PIPE, text=True
                ).stdout
                rates[name].append(float(output))
                # The generator warms up for a tenth of the time.
                messages = float(output) * float(args.seconds) * 1.1
                costs[name].append((server.seconds() - before) / messages * 1e6)
                server.stop()
        for name, values in rates.items():
            print(
                f"{name}: {statistics.median(values):10.0f} messages/s, {statistics.median(costs[name]):.1f} us of"
                f" processor time each   {' '.join(f'{v:.0f}' for v in values)}"
            )
        print(f"vo/go: {statistics.median(rates['vo']) / statistics.median(rates['go']):.2f}")

        for name, command in servers.items():
            server = Server(command, "")
            before = server.resident_kib()
            client = subprocess.Popen(
                [args.load, "idle", server.address, args.idle],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            client.stdout.readline()
            after = server.resident_kib()
            print(f"{name}: {args.idle} idle connections: {after / 1024:.1f} MB, {before / 1024:.1f} MB before")
            client.stdin.close()
            client.wait()
            server.stop()


if __name__ == "__main__":
    main()
