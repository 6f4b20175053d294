"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import click

from pms_drill.target import ADMIN_TOKEN, CONTROL_TOKEN, PMS_KEY, Target

#: Options that point at a system that runs already; `pms_drill.target.Target` has a field for each.
TARGET_OPTIONS: Mapping[str, str] = {
    "--agent-url": "An agent that runs already.",
    "--pms-url": f"The PMS behind it, for direct reads; key in {PMS_KEY}.",
    "--toxiproxy-url": "Control address of the Toxiproxy in front of the PMS.",
    "--fault-proxy-url": f"Control address of the HTTP fault proxy; token in {CONTROL_TOKEN}.",
    "--allow-writes": f"Host name of the agent: permits bookings, faults and resets (token in {ADMIN_TOKEN}).",
}


def of_a_target(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a target; it gets them as one argument `target`."""

    @functools.wraps(command)
    def with_target(**options: Any) -> Any:
        given = {field: options.pop(field) for field in Target.model_fields}
        return command(target=Target(**given), **options)

    wrapped: Callable[..., Any] = with_target
    for option, text in reversed(list(TARGET_OPTIONS.items())):
        metavar = "HOST" if option == "--allow-writes" else "URL"
        wrapped = click.option(option, default="", metavar=metavar, help=text)(wrapped)
    return wrapped


def of_a_profile(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that has a `stack` the option of a profile; it gets one that suits the stack if none is named."""

    @functools.wraps(command)
    def with_profile(*, stack: str, profile: str, **options: Any) -> Any:
        from pms_drill.stack.backends import usual_profile

        return command(stack=stack, profile=profile or usual_profile(stack), **options)

    told = "Agent: name or .toml.  [default: reference-fast; on the real QloApps reference-real]"
    return click.option("--pms-profile", "profile", default="", help=told)(with_profile)
