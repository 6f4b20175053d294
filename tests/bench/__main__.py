"""Runs the benches of this folder, one after the other, and repeats their verdicts at the end.

`python -m tests.bench [NAME ...]`; without a name all of them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Exit code 1 when a bar was missed, 2 when a bench did not come to a verdict."""
    known = sorted(file.stem for file in HERE.glob("*.py") if not file.stem.startswith("_"))
    chosen = sys.argv[1:] or known
    unknown = [name for name in chosen if name not in known]
    if unknown:
        print(f"no bench named {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    verdicts: list[str] = []
    worst = 0
    for name in chosen:
        print(f"== {name}", flush=True)
        code, lines = run(name)
        told = [line for line in lines if "bar " in line and ("met" in line or "MISSED" in line)]
        if code not in (0, 1) or not told:
            told, code = [f"{name}: no verdict (exit code {code})"], 2
        verdicts += told
        worst = max(worst, code)
    print("\n" + "\n".join(verdicts))
    return worst


def run(name: str) -> tuple[int, list[str]]:
    """Run one bench, show its output as it comes, give its exit code and its lines."""
    lines = []
    command = [sys.executable, "-u", "-m", f"tests.bench.{name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bench:
        assert bench.stdout is not None
        for line in bench.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    return bench.returncode, lines


if __name__ == "__main__":
    sys.exit(main())
