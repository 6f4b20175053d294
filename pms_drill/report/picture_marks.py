"""What a picture of an experiment is made of: colours, the axis of time, the legend, one guest's row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import drawsvg

from pms_drill.checks.fates import Class, Fate, is_acknowledgement, state_of
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Span
from pms_drill.evidence.history import Operation
from pms_drill.evidence.ledger import LedgerEntry

LEFT, WIDTH, RIGHT = 230, 900, 330
BAND, ROW = 14, 20
_FONT = {"font_family": "sans-serif", "fill": "#222"}
STATES = {0.0: ("closed", "#d5efdf"), 1.0: ("open", "#e5737f"), 2.0: ("half-open", "#f6d27a")}
FAULT, NO_ANSWER = "#5b6ee1", "#eeeeee"
_REQUEST, _WRONG, _WRONG_ROW = "#1d3557", "#c1121f", "#fdecec"
#: What a guest was told: word of the legend, colour.
_CONFIRMED, _REFUSED, _PENDING, _UNSURE = (
    ("confirmed", "#2a9d5c"),
    ("refused", "#7d8597"),
    ("pending", "#e9c23b"),
    ("error or no answer", "#e07a1f"),
)
#: Heights within a row, in pixels: requests, look-ups, booking requests at the PMS.
_ASKED, _LOOKED, _SENT = 9, 4, 5
#: Shortest bar that can be seen, in pixels.
_THINNEST = 3.0
#: Bookings that are named at the end of a row; more would not fit.
_MOST_NAMED = 3
#: Classes of a reservation with which nothing is wrong.
_GOOD = {Class.HELD, Class.RECOVERED, Class.ABSENT, Class.LATE_DUPLICATE}


class Axis:
    """From the run's clock to pixels; what lies outside is put at the edge."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self._scale = WIDTH / max(span.end - span.begin, 0.001)

    def at(self, moment: float) -> float:
        """The place of a moment, in pixels from the left."""
        inside = min(max(moment, self.span.begin), self.span.end)
        return LEFT + (inside - self.span.begin) * self._scale


def is_wrong(fate: Fate) -> bool:
    """Whether something is, or may be, wrong with a guest's reservation."""
    return not fate.classes <= _GOOD


def draw_legend(picture: drawsvg.Drawing, y: float) -> None:
    """Two lines: what guests were told, and the breaker; faults and the PMS at the end of them."""
    states = [STATES[0.0], STATES[1.0], STATES[2.0], ("no answer", NO_ANSWER)]
    first = _entries(picture, 10, y, "guests were told:", [_CONFIRMED, _PENDING, _REFUSED, _UNSURE], 10)
    second = _entries(picture, 10, y + 18, "breaker:", states, 10)
    x = max(first, second) + 20
    write(picture, x, y + 9, "a tall bar is a request, a low one are look-ups", size=10)
    _entries(picture, x, y + 18, "", [("fault in force", FAULT), ("booking request at the PMS", _REQUEST)], 10)


def draw_guest(picture: drawsvg.Drawing, fate: Fate, sent: Sequence[LedgerEntry], axis: Axis, y: float) -> None:
    """A guest's row; `sent`: the booking requests that reached the PMS side."""
    wrong = is_wrong(fate)
    if wrong:
        picture.append(drawsvg.Rectangle(0, y, LEFT + WIDTH + RIGHT, ROW, fill=_WRONG_ROW, fill_opacity=0.8))
    picture.append(drawsvg.Line(LEFT, y + ROW, LEFT + WIDTH, y + ROW, stroke="#eee", stroke_width=0.7))
    write(picture, 10, y + 13, fate.token.partition("@")[0], size=10)
    for operation in fate.requests:
        _bar(picture, axis, (operation.started, operation.ended), (y + 2, _ASKED), operation, _told(operation))
    for same in _alike(fate.lookups):
        told = _told(same[0]) if len(same) == 1 else f"{len(same)} look-ups: {_told(same[0])}"
        _bar(picture, axis, (same[0].started, same[-1].ended), (y + 4, _LOOKED), same[0], told)
    for entry in sent:
        tick = drawsvg.Rectangle(axis.at(entry.received) - 1, y + ROW - _SENT - 2, 3, _SENT, fill=_REQUEST)
        tick.append_title(f"{entry.method} {entry.path} -> {entry.pms_status or 'no answer'} of the PMS")
        picture.append(tick)
    text = f"{', '.join(sorted(fate.classes))}: {_held(fate.bookings)}"
    write(picture, LEFT + WIDTH + 8, y + 13, text, size=10, fill=_WRONG if wrong else _FONT["fill"])


def draw_seconds(picture: drawsvg.Drawing, axis: Axis, top: float, bottom: float) -> None:
    """The grid, with its figures above and below."""
    seconds = axis.span.end - axis.span.begin
    step = next((step for step in (1, 2, 5, 10, 30, 60) if seconds / step <= 20), 300)
    for number in range(int(seconds / step) + 1):
        x = axis.at(axis.span.begin + number * step)
        picture.append(drawsvg.Line(x, top, x, bottom, stroke="#bbb", stroke_width=0.5))
        for y in (top - 3, bottom + 12):
            write(picture, x, y, f"{number * step} s", size=9, text_anchor="middle")
    write(picture, LEFT, bottom + 26, "seconds since the experiment began", size=9, fill="#777")


def write(picture: drawsvg.Drawing, x: float, y: float, text: str, *, size: float, **how: str) -> None:
    """A line of text whose baseline begins at x and y."""
    picture.append(drawsvg.Text(text, size, x, y, **(_FONT | how)))


def _entries(
    picture: drawsvg.Drawing, x: float, y: float, title: str, entries: Sequence[tuple[str, str]], size: float
) -> float:
    """Swatches with words in a line; gives where it ends."""
    if title:
        write(picture, x, y + 9, title, size=size)
        x += _width(title, size) + 8
    for word, colour in entries:
        picture.append(drawsvg.Rectangle(x, y + 1, 12, 9, fill=colour, stroke="#999", stroke_width=0.4))
        write(picture, x + 16, y + 9, word, size=size)
        x += 16 + _width(word, size) + 14
    return x


def _width(text: str, size: float) -> float:
    """About how wide a text is; there is no font to measure here."""
    return len(text) * size * 0.58


def _alike(lookups: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Look-ups one after the other that were told the same: one bar for all of them."""
    for _, same in groupby(lookups, key=lambda operation: (operation.status, state_of(operation))):
        yield list(same)


def _bar(
    picture: drawsvg.Drawing,
    axis: Axis,
    span: tuple[float, float],
    place: tuple[float, float],
    operation: Operation,
    told: str,
) -> None:
    x = axis.at(span[0])
    width = max(axis.at(span[1]) - x, _THINNEST)
    bar = drawsvg.Rectangle(x, place[0], width, place[1], fill=_colour(operation))
    bar.append_title(told)
    picture.append(bar)


def _colour(operation: Operation) -> str:
    state = state_of(operation)
    if is_acknowledgement(operation):
        return _CONFIRMED[1]
    if state in ("pending", "unresolved"):
        return _PENDING[1]
    return _REFUSED[1] if state in ("refused", "rejected", "expired") else _UNSURE[1]


def _told(operation: Operation) -> str:
    key = f" key {operation.key}" if operation.key else ""
    state = f" {operation.body['status']}" if "reservation_id" in operation.body else ""
    return f"{operation.brief()}{state}{key}, {operation.seconds * 1000:.0f} ms"


def _held(bookings: Sequence[Booking]) -> str:
    told = [f"#{one.order_id} {'held' if one.live else 'cancelled'}" for one in bookings[:_MOST_NAMED]]
    more = [f"{len(bookings) - _MOST_NAMED} more"] if len(bookings) > _MOST_NAMED else []
    return ", ".join(told + more) or "no booking"
