"""Writes docs/faults.md from the catalogue. `python -m pms_drill.faults.document`; pure but for `main`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import backends

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

Generated from the catalogue by `make docs`; change `pms_drill/faults/catalogue_*.py`, not this file. Figures are
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


def render(chapters: Mapping[str, Iterable[Fault]], scale: Scale) -> str:
    """The whole document."""
    found = {title: list(faults) for title, faults in chapters.items()}
    parts = [_INTRO.format(timeout=scale.timeout), _pairs([fault for faults in found.values() for fault in faults])]
    parts.append("## All of them\n")
    parts.append(_LEGEND.format(causes=", ".join(f"{letter} {text}" for letter, text in CAUSES.items())))
    parts += [_table(title, faults) for title, faults in found.items() if faults]
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
        by_symptom[_symptom(fault)][fault.pms_did_the_work].append(f"`{fault.name}`")
    lines = [
        f"| {symptom} | {' '.join(fates[True])} | {' '.join(fates[False])} | {' '.join(fates[None])} |"
        for symptom, fates in by_symptom.items()
        if symptom and sum(bool(names) for names in fates.values()) > 1
    ]
    return _PAIRS + "\n".join(lines) + "\n"


#: Words in `client_sees` -> what a client can tell; the first that fits.
_SYMPTOMS = (
    ("read timeout", "no answer until its own timeout"),
    ("refused", ""),
    ("guests:", ""),
    ("reset", "connection reset or closed without an answer"),
    ("closed without", "connection reset or closed without an answer"),
    ("status 500", "status 500"),
    ("not as agreed", "status 200 with a body that cannot be read"),
    ("status 200", "status 200 with a body that cannot be read"),
)


def _symptom(fault: Fault) -> str:
    return next((symptom for word, symptom in _SYMPTOMS if word in fault.client_sees), "")


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


def _worked(fault: Fault) -> str:
    return {True: "yes", False: "no", None: "not certain"}[fault.pms_did_the_work]


def _heal(fault: Fault) -> str:
    return "cut: what it holds back is dropped" if fault.heal is Heal.CUT else "resume: what it holds back is delivered"


def _where(fault: Fault) -> str:
    needs = f"; needs {', '.join(sorted(fault.needs))}" if fault.needs else ""
    return ", ".join(backends(fault.needs)) + needs


def main() -> None:
    """Write the file."""
    FILE.write_text(render(catalogue.chapters(DEPLOYED), DEPLOYED), encoding="utf-8")


if __name__ == "__main__":
    main()
