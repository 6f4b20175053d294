"""A picture of an experiment: guests' operations as bars, faults as shading, the breaker's state as a band. SVG.

One row per guest. Beside the bars stand the booking requests that the PMS side saw, and at the end of the row what the
PMS holds. Times are seconds since the experiment began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import drawsvg

from pms_drill.checks.attempts import attempts
from pms_drill.checks.fates import Fate, classify
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Ending, Operation

#: Rows of a picture; it says how many guests were left out.
MOST_ROWS = 60
_LEFT, _WIDTH, _RIGHT = 190, 900, 330
_TOP, _BAND, _ROW = 46, 14, 18
_FONT = {"font_family": "sans-serif", "fill": "#222"}
_ENDINGS = {Ending.OK: "#2a9d5c", Ending.FAIL: "#7d8597", Ending.INFO: "#e9a23b"}
_STATES = {0.0: ("closed", "#d5efdf"), 1.0: ("open", "#e5737f"), 2.0: ("half-open", "#f6d27a")}
_FAULT, _REQUEST, _WRONG = "#5b6ee1", "#1d3557", "#c1121f"
_NO_ANSWER = "#eeeeee"
#: Shortest bar that can be seen, in pixels.
_THINNEST = 2.0


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
    fates = [fate for fate in classify(evidence.operations, evidence.bookings or ()) if not fate.foreign]
    wanted = {token.lower() for token in tokens}
    chosen = [fate for fate in fates if (fate.token in wanted if wanted else fate.requests or fate.bookings)]
    shown = chosen[:MOST_ROWS]
    axis = _Axis(_window(evidence))
    shades = faults_of(evidence)
    lanes = {name: number for number, name in enumerate(dict.fromkeys(shade.name for shade in shades))}
    first_row = _TOP + _BAND + 8 + len(lanes) * _BAND + 10
    height = first_row + max(1, len(shown)) * _ROW + 30
    picture = drawsvg.Drawing(_LEFT + _WIDTH + _RIGHT, height)
    picture.append(drawsvg.Rectangle(0, 0, _LEFT + _WIDTH + _RIGHT, height, fill="white"))
    left_out = f", {len(chosen) - len(shown)} more guests not shown" if len(chosen) > len(shown) else ""
    _write(picture, 10, 18, f"{title}{left_out}", size=14)
    _write(picture, 10, 34, _legend(), size=10)
    _draw_states(picture, evidence, axis)
    for shade in shades:
        _draw_shade(picture, shade, axis, _TOP + _BAND + 8 + lanes[shade.name] * _BAND, height - 24)
    for name, lane in lanes.items():
        _write(picture, 10, _TOP + _BAND + 8 + lane * _BAND + 10, f"fault {name}", size=10)
    sent = attempts(evidence.ledger, {fate.token for fate in shown})
    for number, fate in enumerate(shown):
        y = first_row + number * _ROW
        _draw_guest(picture, fate, axis, y)
        for entry in sent.get(fate.token, []):
            x = axis.at(entry.received)
            picture.append(drawsvg.Line(x, y, x, y + _ROW - 4, stroke=_REQUEST, stroke_width=2))
    _draw_seconds(picture, axis, height - 10)
    text: str = picture.as_svg()
    return text


def write(path: Path, evidence: Evidence, title: str, tokens: Collection[str] = ()) -> Path:
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


class _Axis:
    """From the run's clock to pixels; what lies outside is put at the edge."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self._scale = _WIDTH / max(span.end - span.begin, 0.001)

    def at(self, moment: float) -> float:
        inside = min(max(moment, self.span.begin), self.span.end)
        return _LEFT + (inside - self.span.begin) * self._scale


def _window(evidence: Evidence) -> Span:
    """From the first guest to the last answer."""
    moments = [moment for op in evidence.operations for moment in (op.started, op.ended)]
    moments += [moment for span in evidence.phases.values() for moment in (span.begin, span.end)]
    return Span(min(moments, default=0.0), max(moments, default=1.0))


def _legend() -> str:
    return (
        "bars: guests' requests (green acknowledged, grey refused, amber unknown); dark strokes: booking requests at "
        "the PMS; shading: faults; band: breaker (green closed, red open, yellow half-open, grey: no answer)"
    )


def _draw_states(picture: drawsvg.Drawing, evidence: Evidence, axis: _Axis) -> None:
    _write(picture, 10, _TOP + 11, "breaker", size=10)
    picture.append(drawsvg.Rectangle(_LEFT, _TOP, _WIDTH, _BAND, fill=_NO_ANSWER))
    for state, begin, end in states(evidence):
        name, colour = _STATES.get(state, ("unknown", _NO_ANSWER))
        x = axis.at(begin)
        box = drawsvg.Rectangle(x, _TOP, max(axis.at(end) - x, 0.5), _BAND, fill=colour)
        box.append_title(f"{name} {begin - axis.span.begin:.2f} s to {end - axis.span.begin:.2f} s")
        picture.append(box)


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


def _draw_shade(picture: drawsvg.Drawing, shade: Shade, axis: _Axis, y: float, bottom: float) -> None:
    x = axis.at(shade.span.begin)
    width = max(axis.at(shade.span.end) - x, 1.0)
    picture.append(drawsvg.Rectangle(x, y, width, bottom - y, fill=_FAULT, fill_opacity=0.07))
    bar = drawsvg.Rectangle(x, y, width, _BAND - 3, fill=_FAULT, fill_opacity=0.6)
    bar.append_title(f"{shade.name} for {shade.span.end - shade.span.begin:.2f} s")
    picture.append(bar)


def _draw_guest(picture: drawsvg.Drawing, fate: Fate, axis: _Axis, y: float) -> None:
    _write(picture, 10, y + 11, fate.token.partition("@")[0], size=10)
    for operation in fate.told:
        x = axis.at(operation.started)
        height = _ROW - 6 if operation in fate.requests else (_ROW - 6) / 2
        width = max(axis.at(operation.ended) - x, _THINNEST)
        bar = drawsvg.Rectangle(x, y + 1, width, height, fill=_ENDINGS[operation.ending], fill_opacity=0.85)
        bar.append_title(_told(operation))
        picture.append(bar)
    wrong = not {str(one) for one in fate.classes} <= _GOOD
    text = f"{', '.join(sorted(fate.classes))}: {_held(fate.bookings)}"
    _write(picture, _LEFT + _WIDTH + 8, y + 11, text, size=10, fill=_WRONG if wrong else _FONT["fill"])


#: Classes of a reservation with which nothing is wrong.
_GOOD = {"held", "recovered", "absent", "late-duplicate"}


def _told(operation: Operation) -> str:
    key = f" key {operation.key}" if operation.key else ""
    state = f" {operation.body['status']}" if "reservation_id" in operation.body else ""
    return f"{operation.brief()}{state}{key}, {operation.seconds * 1000:.0f} ms"


def _held(bookings: Sequence[Booking]) -> str:
    return ", ".join(f"#{one.order_id} {'held' if one.live else 'cancelled'}" for one in bookings) or "no booking"


def _draw_seconds(picture: drawsvg.Drawing, axis: _Axis, y: float) -> None:
    seconds = axis.span.end - axis.span.begin
    step = next((step for step in (1, 2, 5, 10, 30, 60) if seconds / step <= 20), 300)
    for number in range(int(seconds / step) + 1):
        x = axis.at(axis.span.begin + number * step)
        picture.append(drawsvg.Line(x, _TOP, x, y - 12, stroke="#bbb", stroke_width=0.5))
        _write(picture, x - 8, y, f"{number * step} s", size=9)


def _write(picture: drawsvg.Drawing, x: float, y: float, text: str, *, size: float, **how: str) -> None:
    picture.append(drawsvg.Text(text, size, x, y, **(_FONT | how)))
