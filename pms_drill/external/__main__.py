"""`python -m pms_drill.external NAME` prints the path of a program, after getting it if need be."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.external import qloapps
from pms_drill.external.finder import find
from pms_drill.external.programs import PROGRAMS


def main(arguments: list[str] | None = None) -> int:
    """Print the path of the named program; exit code 2 with a message if there is no way to get it."""
    parser = argparse.ArgumentParser(prog="python -m pms_drill.external", description=__doc__)
    parser.add_argument("name", choices=sorted([*PROGRAMS, "qloapps"]))
    parser.add_argument("--into", type=Path, default=Path(".cache/qloapps"), help="folder for qloapps")
    chosen = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        path = (
            qloapps.get(chosen.into.absolute(), say)
            if chosen.name == "qloapps"
            else find(PROGRAMS[chosen.name], say=say)
        )
    except DrillError as error:
        print(error, file=sys.stderr)
        return 2
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
