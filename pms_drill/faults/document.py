"""The page of the catalogue, docs/faults.md. Pure; `pms_drill.fault_table` writes it, with what is judged where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pms_drill.faults import symptoms
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.owed import Breaker, Meets, Owed, Runs
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import backends

#: Experiment -> ids of properties.
Judged = Mapping[str, frozenset[str]]
FILE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
#: The settings that are deployed (runbook): deadline 10 s, settle time three times that.
DEPLOYED = Scale(timeout=10.0, retry_after=60, settle=30.0)

CAUSES = {
    "A": "PMS down",
    "B": "authorisation",
    "C": "rate limit",
    "D": "network",
    "E": "timeout",
    "-": "no cause of the runbook: the agent must not take it for an outage",
}

_INTRO = """# Faults

Generated from the catalogue by `make docs`; change `pms_drill/faults/catalogue_*.py`, not this file
([adding a fault](adding-a-fault.md)). `pms-drill faults` prints who meets an agent where. Figures are
for the deployed settings (deadline {timeout:g} s); on a scaled profile they shrink with its deadline. What clients
see was measured with httpx 0.28 and Toxiproxy 2.12 on loopback, and the project's tests measure each entry again.

## How to think about them

**What decides is which half was lost.** A client sees the same error whether its request or the answer got lost. At
the PMS the two are opposites: in one case there is no booking, in the other there is one. Every entry below says
which; the pairs are listed under "Same symptom, opposite truth".

**A fault that did nothing proves nothing.** Toxiproxy takes a misspelt attribute as 0 and says 200. An agent that
follows a redirect leaves the proxy, and every test is green. So a fault here has five steps: the way is clean →
armed and read back → *measured* by a probe on a fresh connection through the same listener as the agent's → healed
→ measured to be gone. A step that cannot be shown makes the experiment *unknown*, never passed.

**Healing is part of the fault.** Two ways, named: *cut* drops what is stalled together with its connections;
*resume* delivers it, even to a PMS whose client left long ago. The same fault ends with or without a booking,
depending on the way. Cut is the default. It recreates the proxy, because removing a latency toxic whose clients
have given up can lock Toxiproxy's control for over a minute.

**A toxic acts on connections, a rule on requests.** Toxics also act at once on connections that are pooled; what
has passed them is not called back, and only new connections can be *reset* in the strict sense (older ones get a
FIN). Rules of the HTTP fault proxy see single requests on pooled connections: only they can do "the first two fail"
or "half of them".

**Nothing times the whole exchange for you.** httpx limits each read; a body that drips was answered after 6.2 s
with `timeout=0.5`. Connect timeouts cannot be made with a TCP proxy, since the kernel accepts first.

**Counters of the proxy are no evidence.** Toxiproxy counts bytes when a connection closes. What reached the PMS
side is read from the ledger of the HTTP fault proxy, and what the PMS holds from the PMS itself.

**When in doubt, `info`.** A request that ended in a timeout, a reset, a cut or a 5xx may have been carried out. Its
outcome is unknown until the PMS has been read, after the heal and after everything has come to rest.
"""

_PAIRS = """## Same symptom, opposite truth

| a client sees | the PMS did the work | it did not | not certain |
|---|---|---|---|
"""

_LEGEND = """Causes: {causes}.

Where: every stack whose traffic crosses the proxies, unless an entry names what it needs. "Did the work" is about
what is asked while the fault acts.
"""


_JUDGED = """## Where an agent meets them

Each fault is met by an experiment. **pr** ones run in each pr run and weekly. **weekly** ones are idle: they run
weekly, and a pr run draws a third of them by its seed and says which. The smoke tier has two outages only
(`tiers.toml`).

* *outage*: everything fails. The breaker opens, guests are told the failure, then get failover answers; the PMS is
  spared and probed; after the heal it is used again. Then reservations meet the fault a second time.
* *refusal*: the PMS refuses in its own words, three times the threshold in a row. The breaker stays closed.
* *in flight*: bookings meet it on their way. None is lost, doubled or told wrongly, whatever the breaker does.
* *limping*: slow within the deadline, or fewer failures than the threshold. The PMS stays in use.
* *patchy*: some of it fails, by chance or by length. The breaker may open; guests are told the truth.
* *interrupted*: the agent itself is hit while bookings are on their way.
* *unlogged*: the agent cannot write its log, and the PMS answers 500 meanwhile. All goes as with a log.
* An experiment of another name sets up more than the fault; `chaos/` says what it judges.

"""


def render(
    chapters: Mapping[str, Iterable[Fault]], scale: Scale, judged: Judged, told: Callable[[Iterable[str]], str]
) -> str:
    """The whole document.

    Args:
        chapters: title -> its faults.
        scale: the figures that they are shown with.
        judged: experiment -> ids of the properties that it gives evidence for.
        told: ids for people.
    """
    found = {title: list(faults) for title, faults in chapters.items()}
    parts = [_INTRO.format(timeout=scale.timeout), _pairs([fault for faults in found.values() for fault in faults])]
    parts.append("## All of them\n")
    parts.append(_LEGEND.format(causes=", ".join(f"{letter} {text}" for letter, text in CAUSES.items())))
    parts += [_table(title, faults) for title, faults in found.items() if faults]
    every = [fault for faults in found.values() for fault in faults]
    parts.append(_JUDGED + "\n".join(_judged_lines(judged_table(every, judged, told))) + "\n")
    for title, faults in found.items():
        if faults:
            parts.append(f"## {title}\n")
            parts += [_entry(fault) for fault in faults]
    return "\n".join(parts)


def unexplained(chapters: Mapping[str, Iterable[Fault]]) -> list[str]:
    """Names of the faults without a story."""
    return [fault.name for faults in chapters.values() for fault in faults if fault.story is None]


def _pairs(faults: list[Fault]) -> str:
    """Faults that a client cannot tell apart, by what became of the request; only symptoms that mean several things."""
    by_symptom: defaultdict[str, dict[bool | None, list[str]]] = defaultdict(lambda: {True: [], False: [], None: []})
    for fault in faults:
        by_symptom[fault.symptom][fault.pms_did_the_work].append(f"`{fault.name}`")
    lines = [
        f"| {symptom} | {' '.join(fates[True])} | {' '.join(fates[False])} | {' '.join(fates[None])} |"
        for symptom, fates in by_symptom.items()
        if symptom != symptoms.NONE and sum(bool(names) for names in fates.values()) > 1
    ]
    return _PAIRS + "\n".join(lines) + "\n"


@dataclass(frozen=True)
class JudgedTable:
    """Where an agent meets each fault, for a page or a terminal.

    Attributes:
        common: family -> what all of its faults are judged by, for people.
        rows: a fault each, with what comes on top; a cell for each of `COLUMNS`.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("fault", "meets an agent as", "experiment", "runs", "breaker", "judged")

    common: Mapping[str, str]
    rows: Sequence[tuple[str, ...]]


def judged_table(faults: Sequence[Fault], judged: Judged, told: Callable[[Iterable[str]], str]) -> JudgedTable:
    """Work the table out. `told`: ids of properties for people."""
    common = {
        how: frozenset.intersection(*(judged.get(experiment_of(fault), frozenset()) for fault in alike))
        for how in Meets
        if (alike := [fault for fault in faults if _row(fault).meets is how])
    }
    rows = []
    for fault in faults:
        row, name = _row(fault), experiment_of(fault)
        more = judged.get(name, frozenset()) - (shared := common[row.meets] if row.meets else frozenset())
        ids = " and ".join([*(["as each"] if shared else []), *([told(more)] if more else [])])
        rows.append((fault.name, _FAMILIES[row.meets], name, _RUNS[row.runs], str(row.breaker), ids))
    return JudgedTable({_FAMILIES[how]: told(ids) for how, ids in common.items()}, rows)


def _judged_lines(table: JudgedTable) -> list[str]:
    """The table as Markdown."""
    lines = ["Judged under each of them:", "", *(f"* *{family}*: {ids}." for family, ids in table.common.items())]
    lines += ["", f"| {' | '.join(table.COLUMNS)} |", f"|{'---|' * len(table.COLUMNS)}"]
    for fault, family, experiment, *others in table.rows:
        lines.append(f"| `{fault}` | {family} | `{experiment}` | {' | '.join(others)} |")
    return lines


def experiment_of(fault: Fault) -> str:
    """The experiment in which an agent meets the fault."""
    return _row(fault).experiment or fault.name


_FAMILIES = {
    Meets.OUTAGE: "outage",
    Meets.REFUSAL: "refusal",
    Meets.IN_FLIGHT: "in flight",
    Meets.LIMPING: "limping",
    Meets.PATCHY: "patchy",
    Meets.INTERRUPTED: "interrupted",
    Meets.UNLOGGED: "unlogged",
    None: "part of another",
}
_RUNS = {Runs.PR: "pr, weekly", Runs.WEEKLY: "weekly; drawn for pr"}


def _row(fault: Fault) -> Owed:
    assert fault.owes is not None, f"{fault.name} is not of the catalogue"
    return fault.owes


def _table(title: str, faults: list[Fault]) -> str:
    lines = [f"### {title}", "", "| fault | cause | a client sees | PMS did the work | heal |", "|---|---|---|---|---|"]
    lines += [
        f"| [`{fault.name}`](#{fault.name}) | {fault.cause} | {fault.client_sees} | {_worked(fault)} | {fault.heal} |"
        for fault in faults
    ]
    return "\n".join(lines) + "\n"


def _entry(fault: Fault) -> str:
    tells = fault.tells[0].upper() + fault.tells[1:]
    rows = [
        ("cause", f"{fault.cause}, {CAUSES.get(fault.cause, 'see the runbook')}"),
        ("a client sees", fault.client_sees),
        ("the PMS did the work", _worked(fault)),
        ("the agent", _agent(fault)),
        ("the breaker", _breaker(fault)),
        ("judged by", f"`{experiment_of(fault)}` ({_RUNS[_row(fault).runs]})"),
        ("proved by", f"{fault.proof.text}; before and after, the same probe must not see it"),
        ("healed by", _heal(fault)),
        ("where", _where(fault)),
    ]
    lines = [f"### {fault.name}", "", f"{tells}.", "", "| | |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows), ""]
    if fault.story is not None:
        story = fault.story
        lines += [f"**How.** {story.how}", "", f"**Metrics.** {story.metrics}", "", f"**Trap.** {story.trap}", ""]
        if story.example:
            lines += [f"**In life.** {story.example[0].upper()}{story.example[1:]}", ""]
    return "\n".join(lines)


def _agent(fault: Fault) -> str:
    """What the agent counts and tells under the fault, and how sure it can be."""
    row = _row(fault)
    told = f"counts `{row.kind}`" if row.kind else "counts no failure"
    if row.statuses:
        told += f"; guests are told {' or '.join(map(str, row.statuses))} while the breaker is closed"
    if row.meets is Meets.UNLOGGED:
        return f"{told}: all of that from the PMS's 500, nothing from the log"
    if row.meets in (Meets.OUTAGE, Meets.REFUSAL):
        told += "; nothing was done, for certain" if row.certain else "; whether it was done is not certain"
    return told if row.meets is not None or row.kind else "see its experiment"


def _breaker(fault: Fault) -> str:
    row = _row(fault)
    waits = ", for as long as the answer says" if row.names_wait else ""
    seen = "" if row.in_ledger else "; its calls do not come as far as the ledger"
    return f"{row.breaker}{waits}{seen}" if row.breaker is not Breaker.NOT_JUDGED else "may open or not"


def _worked(fault: Fault) -> str:
    return {True: "yes", False: "no", None: "not certain"}[fault.pms_did_the_work]


def _heal(fault: Fault) -> str:
    return "cut: what it holds back is dropped" if fault.heal is Heal.CUT else "resume: what it holds back is delivered"


def _where(fault: Fault) -> str:
    needs = f"; needs {', '.join(sorted(fault.needs))}" if fault.needs else ""
    return ", ".join(backends(fault.needs)) + needs
