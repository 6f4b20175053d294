"""What an incident looks like in a terminal: colours for the words that matter; plain lines in a file or a pipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.theme import Theme

_STYLES = {
    "incident.bad": "bold red",
    "incident.half": "yellow",
    "incident.good": "green",
    "incident.step": "bold cyan",
}


class _Words(RegexHighlighter):
    base_style = "incident."
    highlights: ClassVar[list[str]] = [
        r"(?P<bad>breaker open\b|did not help|no answer\b|unknown:.*)",
        r"(?P<half>breaker half-open)",
        r"(?P<good>breaker closed|\bhelped\b|reproduced)",
        r"(?P<step>^>>>.*)",
    ]


def teller() -> Callable[[str], None]:
    """Prints a line; a reader that has gone away is no error."""
    console = Console(highlighter=_Words(), theme=Theme(_STYLES), soft_wrap=True)

    def say(line: str) -> None:
        try:
            console.print(line, markup=False, emoji=False)
        except OSError:
            return

    return say
