"""The web service: from a request to an answer. Pure but for the hotel's state, the clock and the random numbers.

`WebService.answer` is a generator of seconds to wait (see `answers.Steps`); most requests are answered without any.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any
from zoneinfo import ZoneInfo

from qloapps_twin import ari, auth, booking, booking_input, pages
from qloapps_twin.answers import HTML, JSON, XML, Answer, Crashed, NotPlayed, Problem, Refused, Request, Steps, warning
from qloapps_twin.ari_render import ari_xml
from qloapps_twin.booking_view import booking as booking_tree
from qloapps_twin.fields import EMPTY, LANGUAGES, RESOURCES, in_language
from qloapps_twin.formats import base_url, wants_json
from qloapps_twin.front import API, storefront, web_server
from qloapps_twin.generic import add_row, change_row, remove_rows
from qloapps_twin.hotel import Hotel
from qloapps_twin.listing import nearest, select
from qloapps_twin.php import json_text, to_int
from qloapps_twin.race import Race
from qloapps_twin.render import errors_json, errors_xml, list_json, list_xml, root_xml, row_json, row_xml, tree_xml
from qloapps_twin.switches import Switches
from qloapps_twin.tables import TABLES, Table
from qloapps_twin.xml_input import BadXml, parse, parser_warnings

_ZONE = ZoneInfo("Europe/Warsaw")
_SCHEMA = "schema"
_NUMBER = re.compile(r"-?[0-9]+")
_USE_TAX = tuple(warning("Undefined variable $useTax", line) for line in (3641, 3672))


def local_time() -> str:
    """Now, as the hotel's database writes it."""
    return dt.datetime.now(_ZONE).strftime("%Y-%m-%d %H:%M:%S")


class WebService:
    """One QloApps.

    Args:
        build: makes the base state.
        main_key: may do everything; it is the one that the switch `key_disabled` disables.
        seed: of the random numbers.
        window: seconds of the race window; 0 makes bookings atomic.
        now: local time of the hotel.
    """

    def __init__(
        self,
        build: Callable[[], Hotel],
        main_key: str,
        *,
        seed: int = 0,
        window: float = 0.0,
        now: Callable[[], str] = local_time,
    ) -> None:
        self.build = build
        self.now = now
        self._seed = seed
        self._window = window
        self.main_key = main_key
        self.switches = Switches()
        self.domain: str | None = None
        self.not_played: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Back to the base state: hotel, keys, switches, random numbers, race window."""
        self.hotel = self.build()
        self.keys = auth.Keys()
        self.keys.put(auth.Key(self.main_key))
        self.switches.reset()
        self.rng = random.Random(self._seed)  # noqa: S311 -- repeatable, not secret
        self.race = Race(self.rng, self._window)

    def rotate(self, key: str) -> None:
        """Give the main key a new text; the old one is unknown from now on.

        Raises:
            ValueError: not 32 characters.
        """
        if len(key) != auth.KEY_LENGTH:
            raise ValueError(f"a key has {auth.KEY_LENGTH} characters")
        self.keys.of.pop(self.main_key.lower(), None)
        self.main_key = key
        self.keys.put(auth.Key(key))

    def set_window(self, seconds: float) -> None:
        """Change the race window, for now and after a reset."""
        self._window = self.race.window = max(seconds, 0.0)

    def answer(self, request: Request) -> Steps:
        """Answer one request; the generator returns the answer."""
        if self.switches.db_down:
            return Answer(500, pages.DATABASE_DOWN, HTML, handled=False, cookie=False)
        elsewhere = web_server(request, self.domain)
        if elsewhere is not None:
            return elsewhere
        found = API.fullmatch(request.path)
        if not found:
            return storefront(request)
        sent = auth.sent_key(request)
        if sent is None:
            return auth.no_key()
        as_json = wants_json(request)
        try:
            return (yield from self._permitted(request, [part for part in (found[1] or "").split("/") if part], sent))
        except Refused as refused:
            text = errors_json(refused.problems) if as_json else errors_xml(refused.problems)
            extra = (("WWW-Authenticate", refused.realm),) if refused.realm else ()
            return Answer(refused.status, text.encode(), JSON if as_json else XML, extra=extra)
        except Crashed as crashed:
            return Answer(crashed.status, crashed.text.encode(), HTML, handled=False)
        except NotPlayed as unable:
            return self._refuse(unable.what, as_json=as_json)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
            # values of a kind that nobody sends: PHP dies on them too; the line is for us
            place = traceback.extract_tb(error.__traceback__)[-1]
            print(f"died like PHP: {type(error).__name__} in {place.name}, line {place.lineno}", file=sys.stderr)
            return Answer(500, b"", HTML, handled=False)

    def _permitted(self, request: Request, path: list[str], sent: str) -> Steps:
        if self.switches.webservice_off:
            text = "The QloApps webservice is disabled. Please activate it in the QloApps Back Office"
            raise Refused(503, Problem(22, text))
        if self.switches.key_disabled and sent.lower() == self.main_key.lower():
            sent = "x" * len(sent)
        key = auth.check_key(self.keys, sent)
        if request.method not in auth.METHODS:
            raise Refused(405, Problem(23, f"Method {request.method} is not valid"))
        if not path:
            return self._root(request, key)
        resource = path[0]
        if resource not in RESOURCES:
            known = ", ".join(f'"{name}"' for name in RESOURCES)
            near = nearest(RESOURCES, resource)
            text = f'Resource of type "{resource}" does not exists. Did you mean: "{near}"? The full list is: {known}'
            raise Refused(400, Problem(27, text))
        auth.check_permission(key, resource, request.method)
        argument = path[1] if len(path) > 1 else ""
        if resource == "hotel_ari":
            return self._availability(request)
        if resource == "bookings":
            return (yield from self._bookings(request, argument))
        if resource in TABLES:
            return self._generic(request, TABLES[resource], argument)
        return self._without_rows(request, resource, argument)

    def _without_rows(self, request: Request, resource: str, argument: str) -> Answer:
        """A resource of QloApps that the twin has no rows of: read as empty only where the recorded hotel's is empty.

        Raises:
            NotPlayed: a real QloApps has rows there, or would do what was asked.
        """
        if request.method not in ("GET", "HEAD") or resource not in EMPTY or _SCHEMA in request.query:
            raise NotPlayed(f"{request.method} {resource}")
        return Answer(404) if argument else self._tell_list(request, resource, resource, [], full=False)

    def _refuse(self, what: str, *, as_json: bool) -> Answer:
        """501 for what the twin does not play: QloApps never answers that. Counted for `GET /state`, and logged."""
        self.not_played[what] += 1
        print(f"not played: {what}", file=sys.stderr, flush=True)
        problems = [Problem(501, f"The twin of QloApps does not play {what}. A real QloApps would have answered.")]
        text = errors_json(problems) if as_json else errors_xml(problems)
        return Answer(501, text.encode(), JSON if as_json else XML, extra=(("X-Not-Played", what),))

    def _root(self, request: Request, key: auth.Key) -> Answer:
        allowed = {
            name: list(auth.METHODS) if key.permissions is None else key.permissions[name]
            for name in RESOURCES
            if key.permissions is None or name in key.permissions
        }
        if wants_json(request):
            return Answer(200, json_text(list(allowed)).encode(), JSON)
        return Answer(200, root_xml(allowed, base_url(request)).encode(), XML)

    def _availability(self, request: Request) -> Answer:
        if request.method == "GET" and _SCHEMA in request.query:
            raise NotPlayed("GET hotel_ari with schema")
        if request.method != "POST":
            raise Refused(405, Problem(23, f"Method {request.method} is not valid"))
        if request.body in (b"", b"0"):
            raise Refused(400, Problem(85, "Validation error: ARI search parameters are missing."))
        try:
            root = parse(request.body)
        except BadXml as error:
            problems = parser_warnings(
                error, request.body, "simplexml_load_string()", 95, "WebserviceSpecificManagementHotelAri.php"
            )
            text = "Validation error: Invalid ARI search parameters found."
            raise Refused(400, *problems, Problem(85, text)) from None
        told = ari.answer(self.hotel, ari.read(root))
        if wants_json(request):
            return Answer(200, json_text(told).encode(), JSON)
        return Answer(200, ari_xml(told, base_url(request)).encode(), XML)

    def _bookings(self, request: Request, argument: str) -> Steps:
        if request.method == "DELETE":
            raise Refused(405, Problem(101, "Method DELETE is not allowed for the resource bookings"))
        if request.method in ("GET", "HEAD"):
            return self._read_bookings(request, argument)
        body = booking_input.read(request.body)
        bench = booking.Bench(
            self.hotel,
            self.now,
            self.rng,
            self.race,
            request.headers.get("host", "127.0.0.1"),
            lambda: self.switches.take("silent_cancel"),
            self.switches.db_read_only,
        )
        work = booking.create if request.method == "POST" else booking.change
        done = yield from work(bench, body)
        problems = list(done.warnings)
        if self.switches.tax_excluded_group or (request.method == "POST" and self.switches.take("stored_but_500")):
            problems += _USE_TAX
        if problems and not self.switches.warnings_hidden:
            raise Refused(500, *problems)
        return self._tell_booking(request, booking_tree(self.hotel, done.order))

    def _read_bookings(self, request: Request, argument: str) -> Answer:
        if _SCHEMA in request.query:
            raise NotPlayed("GET bookings with schema")
        if argument in ("", "0"):
            # this list knows no display, filter, sort or limit
            rows = [{"id": key} for key in sorted(self.hotel.orders)]
            return self._tell_list(request, "bookings", "booking", rows, full=False)
        order = self.hotel.orders.get(to_int(argument))
        if order is None:
            return Answer(404)
        if self.switches.tax_excluded_group and not self.switches.warnings_hidden:
            raise Refused(500, *_USE_TAX)
        return self._tell_booking(request, booking_tree(self.hotel, order))

    def _tell_booking(self, request: Request, tree: dict[str, Any]) -> Answer:
        if wants_json(request):
            return Answer(200, json_text(tree).encode(), JSON)
        return Answer(200, tree_xml(tree).encode(), XML)

    def _tell_list(self, request: Request, many: str, one: str, rows: list[Any], *, full: bool) -> Answer:
        if wants_json(request):
            return Answer(200, list_json(many, rows).encode(), JSON)
        return Answer(200, list_xml(many, one, rows, base_url(request), full=full).encode(), XML)

    def _generic(self, request: Request, table: Table, argument: str) -> Answer:
        _check_language(request.query)
        if request.method == "POST":
            row = add_row(self.hotel, table, request.body, self.now())
            return self._tell_row(request, table, row, 201)
        if request.method == "PUT":
            return self._tell_row(request, table, change_row(self.hotel, table, argument, request.body), 200)
        if request.method == "DELETE":
            remove_rows(self.hotel, table, argument)
            return Answer(200)
        if argument:
            row_found = table.row(self.hotel, to_int(argument))
            return Answer(404) if row_found is None else self._tell_row(request, table, row_found, 200)
        plain = not any(name == "display" or name[:6] in ("filter", "sort") for name in request.query)
        rows = select(self.hotel, table, request.query)
        if "language" in request.query:
            rows = [in_language(row, request.query["language"], plain=wants_json(request)) for row in rows]
        return self._tell_list(request, table.many, table.one, rows, full=not plain and "display" in request.query)

    def _tell_row(self, request: Request, table: Table, row: dict[str, Any], status: int) -> Answer:
        if "language" in request.query:
            row = in_language(row, request.query["language"], plain=wants_json(request))
        if wants_json(request):
            return Answer(status, row_json(table.one, row).encode(), JSON)
        return Answer(status, row_xml(table.one, row, base_url(request)).encode(), XML)


def _check_language(query: dict[str, str]) -> None:
    """Refuse a language that the shop does not have, before anything else of a generic resource.

    Raises:
        Refused: 400, code 81, with a 79 before it for what is no number.
    """
    asked = query.get("language", "1").strip("[]").split("|")
    problems = [Problem(79, "language value is wrong")] if any(not _NUMBER.fullmatch(one) for one in asked) else []
    if any(one not in LANGUAGES for one in asked):
        raise Refused(400, *problems, Problem(81, "language is not available"))


def run(steps: Generator[float, None, Answer]) -> Answer:
    """Carry a request out at once, without any waiting (for tests and set-up)."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
