"""A picture of an experiment: guests' operations as bars, faults as shading, the breaker's state as a band. SVG.

One row per guest: above, what the guest asked and was told; below it, the booking requests that reached the PMS; at the
end of the row, what became of it and what the PMS holds. Times are seconds since the experiment began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import drawsvg

from pms_drill.checks.attempts import attempts
from pms_drill.checks.fates import Fate, classify
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.report.picture_marks import (
    BAND,
    FAULT,
    LEFT,
    NO_ANSWER,
    RIGHT,
    ROW,
    STATES,
    WIDTH,
    Axis,
    draw_guest,
    draw_legend,
    draw_seconds,
    is_wrong,
    write,
)

#: Rows of a picture; it says how many guests were left out, and leaves none out with whom something is wrong.
MOST_ROWS = 60
_TITLE, _LEGEND, _TOP = 20, 32, 92
_GAP = 8


@dataclass(frozen=True)
class Shade:
    """A fault in force."""

    name: str
    span: Span


def draw(evidence: Evidence, title: str, tokens: Collection[str] = ()) -> str:
    """The picture as SVG.

    Args:
        title: what is shown.
        tokens: guests to show; without any all who reserved.
    """
    shown, left_out = _chosen(evidence, tokens)
    axis = Axis(_window(evidence))
    shades = faults_of(evidence)
    lanes = {name: number for number, name in enumerate(dict.fromkeys(shade.name for shade in shades))}
    first_lane = _TOP + BAND + _GAP
    first_row = first_lane + len(lanes) * BAND + 22
    bottom = first_row + max(1, len(shown)) * ROW
    picture = drawsvg.Drawing(LEFT + WIDTH + RIGHT, bottom + 34)
    picture.append(drawsvg.Rectangle(0, 0, LEFT + WIDTH + RIGHT, bottom + 34, fill="white"))
    more = f"  ({left_out} more guests not shown: nothing is wrong with them)" if left_out else ""
    write(picture, 10, _TITLE, f"{title}{more}", size=14)
    draw_legend(picture, _LEGEND)
    _draw_states(picture, evidence, axis)
    for shade in shades:
        _draw_shade(picture, shade, axis, first_lane + lanes[shade.name] * BAND, bottom)
    for name, lane in lanes.items():
        write(picture, 10, first_lane + lane * BAND + 10, name, size=10)
    write(picture, 10, first_row - 6, "guest", size=9, fill="#777")
    write(picture, LEFT + WIDTH + 8, first_row - 6, "in the end: what the PMS holds", size=9, fill="#777")
    sent = attempts(evidence.ledger, {fate.token for fate in shown})
    for number, fate in enumerate(shown):
        draw_guest(picture, fate, sent.get(fate.token, []), axis, first_row + number * ROW)
    draw_seconds(picture, axis, _TOP, bottom)
    text: str = picture.as_svg()
    return text


def save(path: Path, evidence: Evidence, title: str, tokens: Collection[str] = ()) -> Path:
    """Draw into a file.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(evidence, title, tokens), encoding="utf-8")
    return path


def faults_of(evidence: Evidence) -> list[Shade]:
    """When which fault acted, by the journal: from "armed" to "healed". One that was not healed acts to the end."""
    open_: dict[str, float] = {}
    found = []
    for event in evidence.events:
        if event.kind != "fault":
            continue
        if event.what == "armed":
            open_.setdefault(event.name, event.at)
        elif event.what == "healed" and event.name in open_:
            found.append(Shade(event.name, Span(open_.pop(event.name), event.at)))
    end = _window(evidence).end
    return found + [Shade(name, Span(begin, end)) for name, begin in open_.items()]


def states(evidence: Evidence, longest_gap: float = 0.5) -> Iterator[tuple[float, float, float]]:
    """State, begin and end, by the agent's gauge; scrapes further apart than `longest_gap` seconds leave a gap."""
    name = evidence.policy.metrics.state
    seen = [(scrape.started, next(iter(scrape.matching(name)), -1.0)) for scrape in evidence.scrapes]
    parts: list[list[tuple[float, float]]] = []
    for at, state in seen:
        if parts and at - parts[-1][-1][0] <= longest_gap:
            parts[-1].append((at, state))
        else:
            parts.append([(at, state)])
    for part in parts:
        runs = [(state, [at for at, _ in group]) for state, group in groupby(part, key=lambda one: one[1])]
        for (state, moments), following in zip(runs, [*runs[1:], None], strict=True):
            yield state, moments[0], following[1][0] if following else moments[-1]


def _chosen(evidence: Evidence, tokens: Collection[str]) -> tuple[Sequence[Fate], int]:
    """The guests to draw, in the order of their first request, and how many are left out."""
    fates = [fate for fate in classify(evidence.operations, evidence.bookings or ()) if not fate.foreign]
    wanted = {token.lower() for token in tokens}
    chosen = [fate for fate in fates if (fate.token in wanted if wanted else fate.requests or fate.bookings)]
    # A sort is stable: those with whom something is wrong first, so that the cut never hides one of them.
    kept = {fate.token for fate in sorted(chosen, key=lambda fate: not is_wrong(fate))[: _rows(chosen)]}
    return [fate for fate in chosen if fate.token in kept], len(chosen) - len(kept)


def _rows(fates: Sequence[Fate]) -> int:
    return max(MOST_ROWS, sum(map(is_wrong, fates)))


def _window(evidence: Evidence) -> Span:
    """From the first guest to the last answer."""
    moments = [moment for op in evidence.operations for moment in (op.started, op.ended)]
    moments += [moment for span in evidence.phases.values() for moment in (span.begin, span.end)]
    return Span(min(moments, default=0.0), max(moments, default=1.0))


def _draw_states(picture: drawsvg.Drawing, evidence: Evidence, axis: Axis) -> None:
    write(picture, 10, _TOP + 11, "breaker", size=10)
    picture.append(drawsvg.Rectangle(LEFT, _TOP, WIDTH, BAND, fill=NO_ANSWER))
    for state, begin, end in states(evidence):
        name, colour = STATES.get(state, ("unknown", NO_ANSWER))
        x = axis.at(begin)
        box = drawsvg.Rectangle(x, _TOP, max(axis.at(end) - x, 0.5), BAND, fill=colour)
        box.append_title(f"{name} {begin - axis.span.begin:.2f} s to {end - axis.span.begin:.2f} s")
        picture.append(box)


def _draw_shade(picture: drawsvg.Drawing, shade: Shade, axis: Axis, y: float, bottom: float) -> None:
    x = axis.at(shade.span.begin)
    width = max(axis.at(shade.span.end) - x, 1.0)
    picture.append(drawsvg.Rectangle(x, y, width, bottom - y, fill=FAULT, fill_opacity=0.07))
    bar = drawsvg.Rectangle(x, y, width, BAND - 3, fill=FAULT, fill_opacity=0.6)
    bar.append_title(f"{shade.name} for {shade.span.end - shade.span.begin:.2f} s")
    picture.append(bar)
