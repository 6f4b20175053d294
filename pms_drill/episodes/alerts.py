"""Tries the team's alert rules on the recorded states of an outage, with promtool."""

from __future__ import annotations

import glob
import json
import subprocess
from pathlib import Path

import yaml

from pms_drill import external, profile
from pms_drill.checks.alert_labels import Added, labels_of_alert, scraped_labels, untold
from pms_drill.checks.alerts import promtool_test, questions, stretched
from pms_drill.checks.lateness import fell_behind
from pms_drill.checks.verdict import SkipReason, Unproven
from pms_drill.evidence.alerts import AlertEvidence, Question, Recording, Reply
from pms_drill.evidence.bundle import Evidence
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.agent_program import REPO

_PATIENCE_S = 30.0
#: promtool names each time at which it was not as asked; the first ones are enough.
_LINES = 4


def try_alerts(outage: Evidence, tried: Profile, folder: Path) -> AlertEvidence:
    """Ask the rules about a long outage and about one blip; what promtool was given stays in `folder`.

    Args:
        outage: evidence of an experiment in which a probe failed.
        tried: the profile; its waits are stretched to those of the profile that is deployed (`load.profile`).
        folder: for the input of promtool.

    Raises:
        TypedSkip: promtool is not here.
        Unproven: the scraper fell behind; a file of rules is not there, or Prometheus' file does not have the job.
        DrillError: PROMTOOL_BIN names something unfit.
    """
    promtool = external.present(external.PROMTOOL)
    if promtool is None:
        skip(
            SkipReason.NEEDS_TOOL,
            f"promtool {external.PROMTOOL.version} or a newer one of its major version is not here: `make promtool` "
            "gets it (Debian, Ubuntu: apt-get install prometheus)",
        )
    part = tried.alerts
    rules = [file for pattern in part.rules for file in _files("rules", pattern, tried)]
    named = ", ".join(map(str, rules))
    if behind := fell_behind(outage):
        raise Unproven(f"the recorded states of the outage are no recording: {behind}")
    recording = stretched(outage, _scale(tried), part.scrape_interval)
    if recording is None:
        return AlertEvidence(named, part.outage, None, Reply(False, ""), {})
    added = _added_labels(tried)
    # What promtool cannot read either is its to say.
    readable = [told for file in rules if isinstance(told := _yaml(file), dict)]
    sent = [name for name, _ in recording.labels]
    beside = untold(labels_of_alert(readable, part.outage), sent, added)
    trial = _Trial(promtool, rules, tried, recording, folder, added)
    asked = questions(recording)
    replies = {name: trial.ask({name: question}, name) for name, question in asked.items()}
    return AlertEvidence(named, part.outage, recording, trial.control(), replies, tuple(beside))


def _files(key: str, pattern: str, tried: Profile) -> list[Path]:
    """The files that a pattern of the profile names, in order.

    Raises:
        Unproven: there is none.
    """
    path = Path(pattern.replace("{repo}", str(REPO))).absolute()
    found = [path] if path.is_file() else sorted(map(Path, glob.glob(str(path), recursive=True)))  # noqa: PTH207
    files = [file for file in found if file.is_file()]
    if not files:
        raise Unproven(f"alerts.{key} of the profile {tried.name} names no file: {path}")
    return files


def _added_labels(tried: Profile) -> Added:
    """The labels that the scrape adds, as far as the profile tells.

    Raises:
        Unproven: Prometheus' file does not have the job.
    """
    part = tried.alerts
    if not part.scrape_config:
        return Added(dict(part.labels), complete=bool(part.labels))
    file = _files("scrape_config", part.scrape_config, tried)[0]
    told = _yaml(file)
    try:
        found = scraped_labels(told if isinstance(told, dict) else {}, part.scrape_job)
    except ValueError as error:
        raise Unproven(f"{file}: {error} (profile {tried.name})") from error
    return Added(found.labels | part.labels, found.complete or bool(part.labels))


def _yaml(file: Path) -> object:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _scale(tried: Profile) -> float:
    """By how much the deployed waits are longer than those of this profile."""
    deployed = profile.deployed_settings(tried)
    return deployed.breaker.recovery_timeout / tried.breaker.recovery_timeout


class _Trial:
    """promtool with the team's rules and one recording."""

    def __init__(
        self,
        promtool: Path,
        rules: list[Path],
        tried: Profile,
        recording: Recording,
        folder: Path,
        added: Added,
    ) -> None:
        self._added = added
        self._promtool = promtool
        self._rules = rules
        self._profile = tried
        self._recording = recording
        self._folder = folder

    def ask(self, asked: dict[str, Question], name: str, alert: str = "") -> Reply:
        """Let promtool compare."""
        gauge = self._profile.metrics.state
        name_of_alert, rules = alert or self._profile.alerts.outage, [str(file) for file in self._rules]
        told = promtool_test(self._recording, asked, name_of_alert, gauge, rules, self._added.labels)
        file = self._folder / f"alerts-{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        try:
            done = subprocess.run(
                [self._promtool, "test", "rules", file],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=_PATIENCE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unproven(f"promtool could not be run: {error}") from error
        return Reply(done.returncode == 0, _short(done.stdout + done.stderr))

    def control(self) -> Reply:
        """An alert that nobody has never fires: this holds if promtool works and can read rules and series."""
        blip = self._recording.blip
        return self.ask({"control": Question(blip, (0.0, blip.opened), fires=False)}, "control", "no such alert")


def _short(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wanted = [line for line in lines if not line.startswith(("Unit Testing", "SUCCESS", "FAILED"))]
    more = f" and {len(wanted) - _LINES} more lines" if len(wanted) > _LINES else ""
    return " / ".join(wanted[:_LINES]) + more
