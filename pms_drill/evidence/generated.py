"""What generated requests to one operation of the agent were told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One generated request and its answer.

    Attributes:
        phase: of the generator: "examples", "coverage" or "fuzzing".
        positive: the request keeps to the schema; None when the generator does not say.
        status: of the answer; None when there was none.
        problems: what the generator's checks found, one text each; empty if nothing.
        request: method, path and body, shortened, for people.
    """

    phase: str
    positive: bool | None
    status: int | None
    problems: tuple[str, ...] = ()
    request: str = ""


@dataclass(frozen=True)
class Generated:
    """All cases of one operation.

    Attributes:
        operation: "POST /api/v1/pms/availability".
        takes_input: it has a body or parameters, so that a request can be right or wrong.
        cases: in the order of sending.
        errors: what kept the generator from making or sending cases; empty in a sound run.
    """

    operation: str
    takes_input: bool
    cases: tuple[Case, ...]
    errors: tuple[str, ...] = ()
