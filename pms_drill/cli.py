"""The command `pms-drill`."""

from __future__ import annotations

import shutil
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import click

from pms_drill.cli_options import of_a_profile, of_a_target
from pms_drill.errors import DrillError
from pms_drill.report.exitcode import UNKNOWN
from pms_drill.target import Target


def _version() -> str:
    try:
        return metadata.version("pms-drill")
    except metadata.PackageNotFoundError:
        return "not installed"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="pms-drill")
def cli() -> None:
    """Prove that a hotel's agent API survives the failures of its PMS.

    Exit codes: 0 passed, 1 a property failed, 2 something is unknown or the run broke; when only figures of load are
    to blame: 10 off target, 11 warning, 12 critical.
    """


@cli.command()
@click.argument("parts", nargs=-1, metavar="[contracts|chaos|load]...")
@click.option("-k", "selection", default="", metavar="EXPR", help='Only tests that match, e.g. "BRK-18 and hang".')
@click.option("--pms-tier", "tier", default="pr", show_default=True, help="smoke, pr, weekly or soak.")
@click.option("--pms-stack", "stack", default="embedded", show_default=True, help="Where the PMS runs.")
@of_a_profile
@click.option("--pms-seed", "seed", type=click.IntRange(0, 2**32 - 1), help="Repeat a run; random if not given.")
@of_a_target
@click.option("--fail-on", default="", metavar="BAND", help="target, warning or critical.  [default: the tier's]")
@click.option("-n", "--workers", type=click.IntRange(0), help="Processes for contracts and chaos.")
@click.option("--results", default="", metavar="DIR", help="Folder of runs.  [default: runs/ of the project]")
@click.option("--keep", is_flag=True, help="Do not remove old runs.")
@click.option("--pytest", "extra", multiple=True, metavar="OPTION", help="A further option for pytest; repeatable.")
def run(parts: tuple[str, ...], extra: tuple[str, ...], target: Target, **options: object) -> None:
    """Run the main job, or some PARTS of it, and say what was found."""
    from pms_drill.runner import Run, RunOptions

    wanted = RunOptions(parts=parts, extra=extra, target=target, **options)  # type: ignore[arg-type]
    sys.exit(Run(wanted, say=_say).execute().exit_code)


@cli.command()
@click.option("--pms-stack", "stack", default="embedded", show_default=True, help="The stack of the run to come.")
@of_a_profile
@of_a_target
@click.option("--json", "machine", is_flag=True, help="For machines.")
def doctor(stack: str, profile: str, target: Target, machine: bool) -> None:
    """Say what is there and reachable, what a run could do with it, and what it would skip. Changes nothing."""
    from pms_drill.doctor.command import doctor as examine

    sys.exit(examine(stack, profile, target, machine=machine, say=_say))


@cli.command()
@click.option("--pms-stack", "stack", default="embedded", show_default=True, help="Where the PMS runs.")
@of_a_profile
@click.option("--runbook", is_flag=True, help="Containers with the runbook's names and ports (stack compose).")
def up(stack: str, profile: str, runbook: bool) -> None:
    """Start a stack, print its addresses, and hold it until Ctrl-C.

    With --runbook the commands of the runbook work as they stand there: `docker logs agente-api`, port 8000, and so on.
    """
    from pms_drill import hold
    from pms_drill.runner import ROOT

    hold.up(stack, profile, ROOT / "runs" / "held", _say, runbook=runbook)
    sys.exit(0)


@cli.command()
def down() -> None:
    """End the stack that `up` holds, and clean what a killed one left."""
    from pms_drill import hold

    sys.exit(hold.down(click.echo))


@cli.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--markdown", is_flag=True, help="A short summary for the page of a CI job.")
def report(folder: Path | None, markdown: bool) -> None:
    """Print the page of the last run, or of the run in FOLDER."""
    from pms_drill import runs
    from pms_drill.report import page, results, summary
    from pms_drill.runner import ROOT

    verdict = results.read_verdict(folder or runs.latest(ROOT / "runs"))
    click.echo(summary.render(verdict) if markdown else page.render(verdict), nl=False)


@cli.command()
@click.option("--write", is_flag=True, help="Write docs/properties.md of this checkout instead of printing.")
@click.option("--verdict", type=click.Path(path_type=Path), metavar="FOLDER", help="Of a run: print a review of it.")
def properties(write: bool, verdict: Path | None) -> None:
    """Print the catalogue of properties; with the verdicts of a run, the review of your agent.

    With both options the run's verdicts are kept as the last ones of the reference agent.
    """
    from pms_drill.contract import findings
    from pms_drill.properties import catalogue, page, review, suites
    from pms_drill.report import results

    run = results.read_verdict(verdict) if verdict else None
    if run and not write:
        click.echo(review.render(catalogue.load(), run), nl=False)
        return
    told = page.Verdicts.of(run) if run else page.last()
    text = page.render(catalogue.load(), suites.judging(), told, findings.load(), suites.looking())
    if not write:
        click.echo(text, nl=False)
        return
    if run and told:
        page.LAST.write_text(told.text(), encoding="utf-8")
    page.PAGE.write_text(text, encoding="utf-8")
    click.echo(f"written: {page.PAGE}")


@cli.command()
@click.option("--verdict", type=click.Path(path_type=Path), metavar="FOLDER", help="Of a run: what it said under each.")
def faults(verdict: Path | None) -> None:
    """Print every fault: its experiment, when it runs, what the breaker owes, and what is judged under it."""
    from pms_drill import fault_table
    from pms_drill.report import results

    if verdict:
        results.read_verdict(verdict)  # says so if it is no folder of a run
    click.echo(fault_table.shown(max(100, shutil.get_terminal_size((160, 40)).columns), verdict), nl=False)


@cli.command()
@click.argument("url")
@click.option("--version", "version", required=True, metavar="X.Y.Z", help="Version of QloApps that runs there.")
@click.option("--into", type=click.Path(path_type=Path), help="Folder.  [default: contracts/pms/recordings]")
@click.option("--allow-writes", default="", metavar="HOST", help="Record a PMS that is not on this machine.")
def record(url: str, version: str, into: Path | None, allow_writes: str) -> None:
    """Record the contract's exchanges with the PMS at URL; the key is read from PMS_API_KEY.

    Bookings are made and cancelled there.
    """
    from pms_drill.drift import command, store

    command.record_command(url, version, into or store.RECORDINGS, allow_writes, _say)
    sys.exit(0)


@cli.command()
@click.argument("sources", nargs=-1, metavar="[OLD NEW]...")
@click.option("--page", type=click.Path(path_type=Path), help="Where to write.  [default: docs/pms-api-changelog.md]")
@click.option("--fail-on", type=click.Choice(["breaking", "risky", "never"]), default="breaking", show_default=True)
def drift(sources: tuple[str, ...], page: Path | None, fail_on: str) -> None:
    """Compare recorded versions of the PMS's API, or one with the address of a live one, and write the changelog.

    A source is a version, a folder or an address, which is only read (key in PMS_API_KEY). Without sources all recorded
    versions are compared, each with the one before it. With the folder of a run alone (runs/latest), what the PMS of
    that run answered is compared with the recording of its version; the page goes into that folder.
    """
    from pms_drill.drift import command, store

    sys.exit(command.drift_command(sources, store.RECORDINGS, page, fail_on, _say))


@cli.command()
@click.argument("file")
@click.option("--pms-seed", "seed", type=click.IntRange(0, 2**32 - 1), help="Instead of the file's own.")
@click.option("--pms-profile", "profile", default="reference-fast", show_default=True, help="Agent: name or .toml.")
@click.option("--results", default="", metavar="DIR", help="Folder of runs.  [default: runs/ of the project]")
@click.option("--decisions", "only_print", is_flag=True, help="Print what would be done, and do nothing.")
def replay(**options: object) -> None:
    """Run a schedule of faults (FILE, or the name of one in schedules/) on an embedded stack with guests."""
    from pms_drill.replay import ReplayOptions
    from pms_drill.replay import replay as run_schedule

    sys.exit(run_schedule(ReplayOptions(**options), _say))  # type: ignore[arg-type]


@cli.command()
@click.argument("cause")
@click.option("--mitigate", type=click.Choice(["reset", "mock", "restart-pms", "rotate-key", "adjust"]), default=None)
@click.option("--hold", is_flag=True, help="Keep it up until Ctrl-C.")
@click.option("--scaled", is_flag=True, help="Short waits, the profile's own, instead of the deployed settings.")
@click.option("--pms-profile", "profile", default="", help="Agent: name or .toml.  [default: reference-fast]")
@click.option("--pms-stack", "stack", type=click.Choice(["embedded", "native"]), default="embedded", show_default=True)
@click.option("--pms-seed", "seed", type=click.IntRange(0, 2**32 - 1), default=1, help="Decides guests and stays.")
@click.option("--results", type=click.Path(path_type=Path), metavar="DIR", help="Folder of runs.")
def reproduce(mitigate: str | None, scaled: bool, profile: str, results: Path | None, **options: object) -> None:
    """Reproduce an incident of the runbook: CAUSE is A to E, or a name such as timeout.

    Exit codes: 0 reproduced, and the mitigation helped; 1 the mitigation did not help; 2 unknown.
    """
    from pms_drill.incident.reproduce import ReproduceOptions
    from pms_drill.incident.reproduce import reproduce as run_incident
    from pms_drill.incident.terminal import teller
    from pms_drill.runner import ROOT

    wanted = ReproduceOptions(
        mitigate=mitigate or "",
        profile=profile or "reference-fast",
        scaled=scaled,
        results=(results or ROOT / "runs").absolute(),
        **options,  # type: ignore[arg-type]
    )
    sys.exit(run_incident(wanted, teller()))


@cli.command()
def heal() -> None:
    """End and remove what cut runs left behind, faults at proxies of others included; running ones are left alone.

    Rules at a fault proxy of others need its control token, in PMS_DRILL_CONTROL_TOKEN.
    """
    from pms_drill.healing import heal_command

    sys.exit(heal_command(click.echo))


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point. Errors that the user can mend are one message and exit code 2, without a stack trace."""
    try:
        cli.main(args=None if argv is None else list(argv), prog_name="pms-drill")
    except DrillError as error:
        click.echo(str(error), err=True)
    except Exception as error:  # the last place where it can be caught
        with tempfile.NamedTemporaryFile(
            "w", prefix="pms-drill-crash-", suffix=".log", delete=False, encoding="utf-8"
        ) as log:
            traceback.print_exc(file=log)
        click.echo(f"pms-drill broke: {type(error).__name__}: {error} (trace in {log.name})", err=True)
    sys.exit(UNKNOWN)


def _say(line: str) -> None:
    try:
        click.echo(line)
        sys.stdout.flush()
    except OSError:
        return  # nobody listens any more; the results are written all the same
