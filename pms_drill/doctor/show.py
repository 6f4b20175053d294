"""The doctor's sections for people and for machines. Pure."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from pms_drill.doctor.examine import Section

WIDTH = 100
_SIGNS = {"ok": "ok", "broken": "BROKEN", "missing": "-", "not given": "not given"}


def as_text(section: Section) -> str:
    """A table with a title; ends with a line break."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=15)
    table.add_column(no_wrap=True, min_width=9)
    table.add_column(overflow="fold")
    for row in section.rows:
        told = row.tells + (f"\n{row.where}" if row.where else "") + (f"\nto do: {row.todo}" if row.todo else "")
        table.add_row(f"  {row.what}", _SIGNS[row.state.value], told)
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, markup=False, emoji=False, highlight=False).print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join([section.title, *lines, ""])


def as_json(stack: str, profile: str, sections: Sequence[Section]) -> str:
    """One JSON document."""
    return json.dumps(
        {
            "stack": stack,
            "profile": profile,
            "usable": not any(section.broken for section in sections),
            "sections": [
                {
                    "title": section.title,
                    "rows": [
                        {
                            "what": row.what,
                            "state": row.state.value,
                            "tells": row.tells,
                            "todo": row.todo,
                            "where": row.where,
                        }
                        for row in section.rows
                    ],
                }
                for section in sections
            ],
        },
        indent=2,
    )
