"""The response headers that QloApps and its web server send."""

from __future__ import annotations

import email.utils
import hashlib
import time

from qloapps_twin.answers import Answer, Request

_SERVER = ("Server", "Apache/2.4.71 (Debian)")
_POWERED = ("X-Powered-By", "PrestaShop Webservice")
_VERSION = ("PSWS-Version", "1.6.1.23")
_COOKIE_LIFE = 1_728_000
_OUTPUT_BUFFER = 4096
_second = 0
_texts = ("", "")


def _times(now: float) -> tuple[str, str]:
    """Date and the cookie's expiry as texts; made anew once a second."""
    global _second, _texts
    if int(now) != _second:
        _second = int(now)
        _texts = (email.utils.formatdate(now, usegmt=True), email.utils.formatdate(now + _COOKIE_LIFE, usegmt=True))
    return _texts


def headers(_: Request, answer: Answer) -> list[tuple[str, str]]:
    """All headers but length, connection and content type, which the edge knows."""
    now = time.time()
    date, expires = _times(now)
    lines = [("Date", date), _SERVER]
    if answer.handled:
        lines += [("Access-Time", str(int(now))), _POWERED, _VERSION, ("Execution-Time", "0.002")]
        if answer.status < 300:
            lines.append(("Content-Sha1", hashlib.sha1(answer.body, usedforsecurity=False).hexdigest()))
    lines += answer.extra
    if answer.cookie and len(answer.body) <= _OUTPUT_BUFFER:
        value = f"def502{int(now * 1e6):x}"
        life = f"expires={expires}; Max-Age={_COOKIE_LIFE}; path=/; HttpOnly; SameSite=Lax"
        lines.append(("Set-Cookie", f"QloApps-daf117f818c8eeecfa2bccccdd849a8c={value}; {life}"))
    return lines
