"""What differs between a recorded answer and the twin's."""

from __future__ import annotations

import re
from typing import Any

from tests.twin.recordings import Exchange
from tests.twin.replaying import body_of, recorded_body
from tests.twin.wire import Reply

_EXACT = ("Content-Type", "WWW-Authenticate", "Connection", "X-Powered-By", "PSWS-Version", "Location", "Cache-Control")
_PRESENT = ("Access-Time", "Execution-Time", "Set-Cookie")
# secrets and random names: the same in nobody's answers
_MASKED = {"reference", "secure_key", "passwd", "last_passwd_gen"}
_ROOT = re.compile(r"\([^()]*/classes/")


def differences(exchange: Exchange, reply: Reply, host: str) -> list[str]:
    """One line per difference; none means that the twin answers as QloApps did."""
    found = []
    if reply.status != exchange.status:
        found.append(f"status {reply.status}, recorded {exchange.status}: {reply.body[:300]!r}")
    recorded = {name: value.replace("{{PMS_HOST}}", host) for name, value in exchange.answer_headers.items()}
    for name in _EXACT:
        if name == "Connection" and "Server" not in recorded:
            continue  # recorded with PHP's own server, which never keeps a connection
        if reply.headers.get(name) != recorded.get(name):
            found.append(f"{name}: {reply.headers.get(name)!r}, recorded {recorded.get(name)!r}")
    short = exchange.shortened is not None or exchange.texts_replaced
    for name in _PRESENT if not short else ():
        if (name in reply.headers) != (name in recorded):
            found.append(f"{name}: {reply.headers.get(name)!r}, recorded {recorded.get(name)!r}")
    if exchange.shortened is not None:
        text = reply.body.decode()
        found += [f"the body lacks {word!r}" for word in exchange.shortened["holds"] if word not in text]
    elif not found:
        _compare(body_of(reply), recorded_body(exchange, host), "body", found)
    return found


def _compare(ours: Any, recorded: Any, where: str, found: list[str]) -> None:
    if isinstance(ours, dict) and isinstance(recorded, dict):
        if list(ours) != list(recorded):
            found.append(f"{where}: members {list(ours)}, recorded {list(recorded)}")
        for name in ours.keys() & recorded.keys():
            if name not in _MASKED:
                _compare(ours[name], recorded[name], f"{where}.{name}", found)
    elif isinstance(ours, list) and isinstance(recorded, list):
        if len(ours) != len(recorded):
            found.append(f"{where}: {len(ours)} elements, recorded {len(recorded)}")
        if ours and isinstance(ours[0], str) and ours[0] in _MASKED and ours[0] == recorded[0]:
            return
        for place, (one, other) in enumerate(zip(ours, recorded, strict=False)):
            _compare(one, other, f"{where}[{place}]", found)
    elif _unrooted(ours) != _unrooted(recorded) or type(ours) is not type(recorded):
        found.append(f"{where}: {ours!r}, recorded {recorded!r}")


def _unrooted(value: Any) -> Any:
    return _ROOT.sub("(/classes/", value.replace("{{PMS_ROOT}}", "/")) if isinstance(value, str) else value
