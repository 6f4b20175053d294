"""The command that a profile gives for its agent, with its places filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pms_drill.errors import DrillError
from pms_drill.profile import Profile


@dataclass(frozen=True)
class AgentCommand:
    """What to run, with which environment, where."""

    words: list[str]
    env: dict[str, str]
    workdir: str


def command_for(profile: Profile, places: Mapping[str, str], over: Mapping[str, str]) -> AgentCommand:
    """Fill in the places.

    Args:
        places: values by name; `AgentPart` says what they mean.
        over: laid over the profile's environment.

    Raises:
        DrillError: the profile has a place that there is not.
    """

    def fill(text: str, key: str) -> str:
        try:
            return text.format(**places)
        except (KeyError, IndexError, ValueError) as error:
            raise DrillError(
                f"the profile {profile.name} has a place that cannot be filled in: {text!r}",
                where=key,
                todo=f"use {', '.join(f'{{{place}}}' for place in places)}",
            ) from error

    agent = profile.agent
    return AgentCommand(
        [fill(word, "agent.start") for word in agent.start],
        {name: fill(value, f"agent.env.{name}") for name, value in {**agent.env, **over}.items()},
        fill(agent.workdir, "agent.workdir"),
    )
