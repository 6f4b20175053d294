"""Lines of the page for people: plain text, 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

WIDTH = 100


def title(text: str) -> Iterator[str]:
    """An empty line, the title, a line below it."""
    yield ""
    yield text
    yield "-" * len(text)


def wrap(text: str, indent: str, following: str | None = None) -> list[str]:
    """Lines of at most the page's width; long words such as paths and commands stay whole."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if following is None else following,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    ) or [""]
