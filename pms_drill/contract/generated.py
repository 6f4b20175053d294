"""Requests that schemathesis makes from the frozen contract, sent to a running agent: one operation at a time.

The engine of schemathesis is driven as a library, so that the cases of an operation are evidence that several
properties read, and every test is an ordinary item with an id of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import schemathesis
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NotSet
from schemathesis.engine import events

from pms_drill.contract import document
from pms_drill.contract.stays import Wishes
from pms_drill.evidence.generated import Case, Generated
from pms_drill.profile import EndpointsPart

if TYPE_CHECKING:
    from schemathesis import HookContext
    from schemathesis.engine.recorder import ScenarioRecorder

_KEY = "Idempotency-Key"
_LONGEST = 300
#: Stricter than the generator's own: "the server broke" is no refusal, and "no such thing" no acceptance.
_REFUSALS = ["401", "403", "404", "405", "406", "415", "422"]
_ACCEPTANCES = ["2xx", "409"]


def run(
    operation: str,
    *,
    base_url: str,
    endpoints: EndpointsPart,
    admin_token: str,
    wishes: Wishes,
    known_reservation: str,
    examples: int,
    seed: int,
    other_methods: bool = True,
) -> Generated:
    """Send the generated cases of one operation and note what came back.

    Args:
        operation: its id in the contract.
        base_url: of the agent.
        admin_token: used where the contract has the security scheme; the generator leaves it out as well.
        wishes: right values for bodies.
        known_reservation: id of a reservation that exists.
        examples: cases of the fuzzing phase; those of the coverage phase come on top.
        seed: of the generator.
        other_methods: also send methods that a path does not have, such as DELETE.
    """
    schema = _schema(base_url, endpoints, admin_token, examples, seed, other_methods)

    @schema.hook
    def map_case(
        context: HookContext,  # noqa: ARG001 - the name is schemathesis's
        case: schemathesis.Case[Any],
    ) -> schemathesis.Case[Any]:
        """Applied in every phase, unlike the hooks for single parts of a request."""
        if not isinstance(case.body, NotSet):
            case.body = wishes.fitted(case.body)
        # A wrong one stays as it is: it is what has to be refused.
        if _KEY in case.headers and _positive(case):
            case.headers[_KEY] = f"{wishes.domain}-{wishes.number()}"
        if "reservation_id" in case.path_parameters and _positive(case):
            case.path_parameters["reservation_id"] = known_reservation
        return case

    cases: list[Case] = []
    errors: list[str] = []
    label = operation
    for event in engine.from_schema(schema.include(operation_id=operation)).execute():
        if isinstance(event, events.ScenarioFinished):
            label = event.recorder.label
            cases += _cases(event.phase.value, event.recorder)
        elif isinstance(event, events.NonFatalError):
            errors.append(f"{event.label}: {event.info}")
        elif isinstance(event, events.FatalError):
            errors.append(f"{type(event.exception).__name__}: {event.exception}")
    return Generated(label, document.takes_input(operation), tuple(cases), tuple(errors))


def _schema(
    base_url: str, endpoints: EndpointsPart, admin_token: str, examples: int, seed: int, other_methods: bool
) -> schemathesis.BaseSchema:
    # Nothing that was learned or found before may feed back: the seed alone decides the cases.
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": base_url,
            "workers": 1,
            "continue-on-failure": True,
            "cache": {"enabled": False},
            "generation": {"database": "none", "max-examples": examples, "no-shrink": True},
            "phases": {
                "stateful": {"enabled": False},
                **({} if other_methods else {"coverage": {"unexpected-methods": []}}),
                "fuzzing": {"extra-data-sources": {"responses": False}, "error-feedback": {"enabled": False}},
            },
            "checks": {
                "negative_data_rejection": {"expected-statuses": _REFUSALS},
                "positive_data_acceptance": {"expected-statuses": _ACCEPTANCES},
            },
            "auth": {"openapi": {"adminToken": {"bearer": admin_token}}},
        }
    )
    return schemathesis.openapi.from_dict(document.at(endpoints), config=config)


def _cases(phase: str, recorder: ScenarioRecorder) -> Iterator[Case]:
    for key, node in recorder.cases.items():
        case = node.value
        seen = recorder.interactions.get(key)
        checks = recorder.checks.get(key, [])
        yield Case(
            phase=phase,
            # Requests that a check derives from a case (the same without the token) are neither.
            positive=None if node.parent_id else _positive(case),
            status=seen.response.status_code if seen and seen.response else None,
            problems=tuple(
                f"{check.name}: {_one_line(check.failure_info.failure)}" for check in checks if check.failure_info
            ),
            request=_told(case),
        )


def _positive(case: schemathesis.Case[Any]) -> bool | None:
    return None if case.meta is None else case.meta.generation.mode.is_positive


def _told(case: schemathesis.Case[Any]) -> str:
    body = "" if isinstance(case.body, NotSet) else " " + _text(case.body)
    return f"{case.method.upper()} {case.formatted_path}{body}"[:_LONGEST]


def _text(body: Any) -> str:
    try:
        return json.dumps(body, ensure_ascii=True)
    except (TypeError, ValueError):
        return repr(body)


def _one_line(failure: object) -> str:
    return " ".join(str(failure).split())[:_LONGEST]
