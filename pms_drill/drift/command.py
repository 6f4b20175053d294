"""What the commands `pms-drill record` and `pms-drill drift` do."""

from __future__ import annotations

import ipaddress
import itertools
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from pms_drill.drift import changelog, script, store
from pms_drill.drift.changelog import Comparison
from pms_drill.drift.changes import Weight, changes
from pms_drill.drift.compare import compare
from pms_drill.drift.judge import breaches
from pms_drill.drift.recorder import Pms, record, secrets_of
from pms_drill.drift.recording import Recording
from pms_drill.errors import DrillError

KEY = "PMS_API_KEY"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "pms-api-changelog.md"
#: The page about the PMS of a run, in the run's folder, and the file there that says which PMS it was.
OF_A_RUN = "pms-api-drift.md"
_VERSIONS = "versions.json"
Say = Callable[[str], None]


def record_command(url: str, version: str, folder: Path, allow_writes: str, say: Say) -> None:
    """Record a version of the PMS.

    Args:
        url: address of the PMS; recording makes bookings there and cancels them.
        folder: of recordings; the version's own is made below it.
        allow_writes: host name that may be written to although it is not this machine.

    Raises:
        DrillError: no key, a host that may not be written to, a PMS that cannot be recorded, a secret in the recording.
    """
    host = httpx.URL(url).host
    if not _is_loopback(host) and allow_writes != host:
        raise DrillError(
            "recording makes bookings, and this PMS is not on this machine",
            where=url,
            todo=f"add --allow-writes {host} if it is a test system",
        )
    pms = Pms(url, _key())
    made = record(pms, script.load(), source=version, read_only=False)
    file = store.save(made, folder / version, secrets_of(pms))
    say(f"{len(made.answers)} exchanges recorded in {file}")
    for name, what in _broken(made).items():
        say(f"against the contract: {name}: {'; '.join(what)}")


def drift_command(sources: Sequence[str], folder: Path, page: Path | None, fail_on: str, say: Say) -> int:
    """Compare sources, each with the one before it, and write the changelog.

    Args:
        sources: versions that are recorded, folders, or an address, which is only read; all recorded versions if empty.
            The folder of one run: the PMS of that run is compared with the recording of its own version.
        page: where to write; by default the changelog of the documentation, and for a run a page in its folder.
        fail_on: breaking, risky or never.

    Returns:
        1 when a change is as bad as `fail_on` says, otherwise 0.

    Raises:
        DrillError: fewer than two sources, one that cannot be read, or nothing that both have.
    """
    names = list(sources) or store.versions(folder)
    if len(names) == 1 and (run := Path(names[0])).joinpath(_VERSIONS).is_file():
        names = [_version_of(run, folder), str(run / store.OF_A_RUN)]
        page = page or run / OF_A_RUN
    page = page or PAGE
    if len(names) < 2:
        raise DrillError(
            "a comparison needs two sources",
            where=f"found: {', '.join(names) or 'none'}",
            todo="name two versions, folders or addresses, or record a second version",
        )
    read = [_source(name, folder) for name in names]
    comparisons = [_compared(old, new) for old, new in itertools.pairwise(read)]
    page.write_text(changelog.render(reversed(comparisons)), encoding="utf-8")
    for comparison in comparisons:
        say(comparison.summary)
    say(f"written to {page}")
    bad = {"never": (), "breaking": (Weight.BREAKING,), "risky": (Weight.BREAKING, Weight.RISKY)}[fail_on]
    hurt = any(comparison.number(weight) for comparison in comparisons for weight in bad)
    return 1 if hurt or (bad and any(comparison.broken for comparison in comparisons)) else 0


def _version_of(run: Path, folder: Path) -> str:
    """The recorded version of the PMS that a run had."""
    told = str(json.loads((run / _VERSIONS).read_text(encoding="utf-8")).get("pms", ""))
    name = store.recorded_as(told, folder)
    if not name:
        raise DrillError(
            f"the PMS of this run has no recording to be compared with: {told or 'its version is not known'}",
            where=str(run),
            todo="record that version with pms-drill record, or name the older source first",
        )
    return name


def _source(name: str, folder: Path) -> Recording:
    if name.startswith(("http://", "https://")):
        return record(Pms(name, _key()), script.load(), source=httpx.URL(name).host, read_only=True)
    return store.load(folder / name if (folder / name).is_dir() else Path(name))


def _compared(old: Recording, new: Recording) -> Comparison:
    both = [name for name in old.answers if name in new.answers]
    changed = [name for name in both if old.requests[name] != new.requests[name]]
    fair = [name for name in both if name not in changed]
    if not fair:
        raise DrillError(
            "the two sources have no exchange in common",
            where=f"{old.source} and {new.source}",
            todo="record the older one again",
        )
    one = Recording(old.source, old.requests, {name: old.answers[name] for name in fair}, {}, old.milliseconds)
    missing = {name: "only one of the two has it" for name in [*old.answers, *new.answers] if name not in both}
    missing |= {name: why for name, why in new.left_out.items() if name in old.answers}
    missing |= dict.fromkeys(changed, "its request is another one since")
    found = compare(one, new, with_values=False)
    before = _broken(old)
    broken = {name: what for name, what in _broken(new).items() if what != before.get(name)}
    return Comparison(old.source, new.source, changes(found), len(fair), missing, broken)


def _broken(recording: Recording) -> dict[str, list[str]]:
    exchanges = script.load()
    found = {name: breaches(exchanges[name].says, one) for name, one in recording.answers.items() if name in exchanges}
    return {name: what for name, what in found.items() if what}


def _key() -> str:
    key = os.environ.get(KEY, "")
    if not key:
        raise DrillError("the PMS's key is needed", where=f"{KEY} is not set", todo=f"set {KEY} in the environment")
    return key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
