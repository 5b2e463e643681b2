"""What a question costs: a table for each size. ``python bench.py [--peers PYTHON]``; README.md says what is timed."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from workers import CONTENDERS, SIZES

PEERS = ("linopy", "lumix-opt")
YARDSTICK = "highspy: change, run"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default="", help="the python of an environment that has linopy and lumix-opt")
    peers = parser.parse_args().peers
    for size in SIZES:
        print(f"\n{size} products\n\n|  | mean ms | median ms | ratio of means | questions |")
        print("| --- | ---: | ---: | ---: | ---: |")
        yardstick = 0.0
        for name in CONTENDERS:
            if name in PEERS and not peers:
                print(f"| {name} | needs --peers |  |  |  |")
                continue
            found = run(peers if name in PEERS else sys.executable, name, size)
            if "failed" in found:
                print(f"| {name} | cannot run: {found['failed']} |  |  |  |")
                continue
            times = [1000 * one for one in found["seconds"]]
            mean = statistics.mean(times)
            yardstick = yardstick or mean
            print(f"| {name} | {mean:.3g} | {statistics.median(times):.3g} | {mean / yardstick:.2f} | {len(times)} |")
    return 0


def run(python: str, name: str, size: str) -> dict[str, Any]:
    command = [python, str(Path(__file__).with_name("workers.py")), name, size]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=3600)
    if done.returncode:
        return {"failed": done.stderr.splitlines()[-1]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    sys.exit(main())
