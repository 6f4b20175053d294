"""The catalogue as data: what each property claims, for whom, who sees it, and how its check was seen failing.

`catalogue.toml` beside this module is the only place where a property is written down; docs/properties.md is made
from it. The file is read and checked here, without looking at any test.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pms_drill.errors import DrillError

FILE = Path(__file__).with_name("catalogue.toml")

#: Who can see whether a property holds (docs/architecture.md, "Words").
Witness = Literal["answers", "ledger", "pms", "metrics", "log", "health", "document", "generator", "results"]
#: How a check was seen failing (design rule: a check that cannot fail is a defect).
PROOFS = {
    "history": "a literal history on which this property's check says failed: the node id of a test of this project",
    "mutant": "an agent with one defect, tests/mutants/<name>.py, whose first lines name the property",
    "lie": "answers that are falsified on their way to the test, tests/mutants/lies/, under the property's id",
    "harness": "a harness with one defect, tests/mutants/harness/<name>.py, whose first lines name the property",
    "claimed": "an agent that is run under the claims of tests/variants/<name>.toml and does not keep them: the plain "
    "reference agent, or tests/variants/spoilt/<name>.py where there is one",
}


#: What a source begins with.
SOURCES = {
    "contract": "a section of the agent's contract",
    "runbook": "a heading of the on-call runbook",
    "RFC": "an RFC of the IETF with its section",
    "QloApps": "a file of QloApps in which the behaviour stands",
    "checklist": "a line of the checklist for circuit breakers, at the end of the page",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Group(_Part):
    """A section of the catalogue.

    Attributes:
        name: what properties refer to.
        title: for people.
        part: contracts, chaos or load; "run" for what the runner judges at the end of a run.
    """

    name: str
    title: str
    part: Literal["contracts", "chaos", "load", "run"]


class Property(_Part):
    """One rule of behaviour.

    Attributes:
        id: stable; never used again for something else.
        group: name of its group.
        sentence: what must hold: one sentence with MUST, MUST NOT, SHOULD or MAY (RFC 2119).
        source: where that is demanded or was seen: see `SOURCES`.
        claim: the key of a profile that switches it on ("breaker.minimum_calls"); empty for what everyone must do.
        witnesses: whose word decides.
        breaker: numbers of the checklist for circuit breakers that it answers.
        proof: "kind:name", at least one; see `PROOFS`.
    """

    id: str = Field(pattern=r"^[A-Z]+-\d\d$")
    group: str
    sentence: str = Field(min_length=60, max_length=160, pattern=r"^[A-Z].*\b(?:MUST|SHOULD|MAY)\b.*\.$")
    source: tuple[str, ...] = Field(min_length=1)
    claim: str = ""
    witnesses: tuple[Witness, ...] = Field(min_length=1)
    breaker: tuple[int, ...] = ()
    proof: tuple[str, ...] = ()

    @field_validator("source")
    @classmethod
    def _known_source(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for source in sources:
            if not re.match(rf"({'|'.join(SOURCES)})\b", source):
                raise ValueError(f"{source!r} is no source; begin it with one of {', '.join(SOURCES)}")
        return sources

    @field_validator("proof")
    @classmethod
    def _known_kind(cls, proofs: tuple[str, ...]) -> tuple[str, ...]:
        for proof in proofs:
            kind, _, name = proof.partition(":")
            if kind not in PROOFS or not name:
                raise ValueError(
                    f"{proof!r} is no proof; write one of {', '.join(f'{known}:name' for known in PROOFS)}"
                )
        return proofs

    @property
    def required(self) -> bool:
        """Whether everyone must keep it, whatever the profile claims."""
        return not self.claim


class Item(_Part):
    """One line of the general checklist for circuit breakers.

    Attributes:
        open: why no property answers it; empty if one does.
    """

    number: int
    title: str
    open: str = ""


class Catalogue(_Part):
    """Groups and properties, in the order of the page; ids that may not be used again; the checklist for breakers."""

    group: tuple[Group, ...]
    property: tuple[Property, ...]
    retired: tuple[str, ...] = ()
    checklist: tuple[Item, ...] = ()

    def answering(self, item: Item) -> list[Property]:
        """The properties that answer a line of the checklist."""
        return [entry for entry in self.property if item.number in entry.breaker]

    def of(self, group: Group) -> list[Property]:
        """The properties of a group, in order."""
        return [entry for entry in self.property if entry.group == group.name]

    def get(self, key: str) -> Property | None:
        """The property with this id; None if there is none."""
        return next((entry for entry in self.property if entry.id == key), None)


def load(path: Path = FILE) -> Catalogue:
    """Read the catalogue.

    Raises:
        DrillError: it is not as it should be; every problem is named.
    """
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        catalogue = Catalogue.model_validate(data)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise _wrong(path, str(error)) from error
    except ValidationError as error:
        raise _wrong(path, "\n".join(_place(problem, data) for problem in error.errors())) from error
    problems = _problems(catalogue)
    if problems:
        raise _wrong(path, "\n".join(problems))
    return catalogue


def _problems(catalogue: Catalogue) -> list[str]:
    ids = [entry.id for entry in catalogue.property]
    groups = {group.name for group in catalogue.group}
    found = [f"{key} is there twice" for key in sorted({key for key in ids if ids.count(key) > 1})]
    found += [
        f"{entry.id}: there is no group {entry.group!r}" for entry in catalogue.property if entry.group not in groups
    ]
    return found + [f"{key} is retired: take another id" for key in ids if key in catalogue.retired]


def _place(problem: Any, data: dict[str, Any]) -> str:
    """The problem with the id of the property instead of its position."""
    where = ".".join(str(part) for part in problem["loc"])
    match = re.match(r"property\.(\d+)\.?(.*)", where)
    if match:
        entry = data["property"][int(match[1])]
        where = f"{entry.get('id', 'a property without an id')} {match[2]}".rstrip()
    return f"{where}: {problem['msg']}"


def _wrong(path: Path, detail: str) -> DrillError:
    return DrillError("the catalogue of properties cannot be used", where=str(path), todo="mend it", detail=detail)
