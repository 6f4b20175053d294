"""What an experiment requires of a stack is known before its first fault, and the table of properties says the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import get_args

import pytest

from pms_drill import pytest_command
from pms_drill.episodes import experiments
from pms_drill.report.skips import TypedSkip
from pms_drill.stack import needs
from pms_drill.target import Capability

REPO = Path(__file__).resolve().parents[2]
EVERYTHING = frozenset(get_args(Capability))
#: Prints property and experiment of every item that was collected.
LISTING = """
import json
def pytest_collection_finish(session):
    word = lambda item, name: getattr(item.get_closest_marker(name), "args", [""])[0]
    print("LISTED" + json.dumps([[word(item, "property"), word(item, "episode")] for item in session.items]))
"""


#: Properties that ask for more than their experiment does.
MORE = {
    *{(name, "agent-log") for name in ("LOG-01", "LOG-02", "LOG-03", "BRK-60")},
    ("RESET-02", "restart-agent"),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Property -> the experiments that it is judged by, in the tier with all of them."""
    folder = tmp_path_factory.mktemp("listing")
    (folder / "listing.py").write_text(LISTING)
    words = [
        sys.executable,
        "-m",
        "pytest",
        "chaos",
        "--collect-only",
        "-q",
        "-p",
        "xdist",
        "-p",
        "listing",
        "-p",
        "no:cacheprovider",
    ]
    env = {**pytest_command.environment("chaos", os.environ), "PYTHONPATH": f"{folder}:{REPO}"}
    done = subprocess.run([*words, "--pms-tier=weekly"], cwd=REPO, env=env, capture_output=True, text=True, check=False)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("LISTED")] or [done.stdout + done.stderr]
    assert done.returncode == 0, done.stdout
    found: dict[str, set[str]] = defaultdict(set)
    for name, experiment in json.loads(line.removeprefix("LISTED")):
        if name and experiment:
            found[name].add(experiment)
    return found


def test_table_of_properties_knows_what_their_experiments_require(judged: dict[str, set[str]]) -> None:
    assert len(judged) > 80
    wrong = []
    for name, judging in judged.items():
        for lacking in EVERYTHING:
            told = needs.missing(name, EVERYTHING - {lacking})
            possible = [one for one in judging if experiments.lacking(one, EVERYTHING - {lacking}) is None]
            if (name, lacking) in MORE:
                assert told is not None
            elif (told is None) is not bool(possible):
                wrong.append(f"{name} without {lacking}: told {told and told.capability}, judged by {possible}")
    assert not wrong, "\n".join(sorted(wrong))


class Bare:
    """A stack without a capability, of which nothing may be touched."""

    def __init__(self, lacking: Capability) -> None:
        self.capabilities = EVERYTHING - {lacking}


@pytest.mark.parametrize("experiment", [name for names in experiments.NAMES.values() for name in names])
def test_experiment_that_a_stack_cannot_have_is_skipped_before_anything_is_done(experiment: str) -> None:
    required = [one for one in EVERYTHING if experiments.lacking(experiment, EVERYTHING - {one})]
    assert {"faults", "read-pms"} <= set(required)
    for one in required:
        with pytest.raises(TypedSkip):
            experiments.run(experiment, Bare(one), 1)  # type: ignore[arg-type]


#: What not every stack has, as it stands in the modules of experiments -> the capability that it takes.
ASKS: dict[str, Capability] = {
    ".admin_token": "admin",
    ".agent_log()": "agent-log",
    ".restart_agent(": "restart-agent",
    ".kill_agent(": "kill-agent",
}
#: One module has several experiments; this one alone asks for the token.
ALONE = {"policies": {"forced_open"}}


def test_what_an_experiment_asks_the_stack_for_is_among_what_it_requires() -> None:
    wrong = []
    for family in experiments._FAMILIES.values():
        module = Path(family.module.__file__)
        source = module.read_text()
        for word, capability in ASKS.items():
            if word not in source or f'"{capability}" not in stack.capabilities' in source:
                continue
            asking = set(family.names) & ALONE.get(module.stem, set(family.names))
            wrong += [
                f"{name}: {word} without {capability}"
                for name in asking
                if experiments.lacking(name, EVERYTHING - {capability}) is None
            ]
    assert not wrong, "\n".join(sorted(wrong))
