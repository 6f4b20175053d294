"""What answers around the web service: the web server in front of it, and the shop for people beside it."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from qloapps_twin import pages
from qloapps_twin.answers import APACHE, HTML, Answer, Request

API = re.compile(r"/api(/.*)?")
_URI_LONGEST = 8190


def web_server(request: Request, domain: str | None) -> Answer | None:
    """What is answered before QloApps looks at the request; None lets it through.

    `domain`: the configured host name, if only that one is served.
    """
    if request.target_length > _URI_LONGEST:
        return Answer(414, pages.URI_TOO_LONG, APACHE, handled=False, cookie=False)
    if ".." in request.path.split("/"):
        return Answer(403, pages.FORBIDDEN, APACHE, handled=False, cookie=False)
    if domain is None or request.headers.get("host") == domain:
        return None
    found = API.fullmatch(request.path)
    query = ({"url": (found[1] or "").strip("/")} if found else {}) | request.query
    place = f"http://{domain}/" + (f"?{urlencode(query)}" if query else "")
    return Answer(302, b"", HTML, handled=False, cookie=False, extra=(("Location", place),))


def storefront(request: Request) -> Answer:
    """The shop for people: its front page moves to a language, everything else is not found."""
    if request.path == "/":
        place = f"http://{request.headers.get('host', '127.0.0.1')}/en/"
        return Answer(302, b"", HTML, handled=False, extra=(("Cache-Control", "no-cache"), ("Location", place)))
    return Answer(404, pages.STOREFRONT_404, HTML, handled=False)
