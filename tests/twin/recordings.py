"""The recorded exchanges with QloApps 1.7.0, with this run's keys and address in place of the placeholders."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "contracts" / "pms" / "recordings" / "1.7.0"
KEYS = {
    "{{PMS_KEY}}": "REPLAYKEY00000000000000000000001",
    "{{pms_key}}": "replaykey00000000000000000000001",
    "{{PMS_KEY_READ_ONLY}}": "REPLAYKEY00000000000000000000002",
    "{{PMS_KEY_NO_PERMISSION}}": "REPLAYKEY00000000000000000000004",
    "{{PMS_KEY_NO_SHOP}}": "REPLAYKEY00000000000000000000005",
    "{{PMS_KEY_UNKNOWN}}": "REPLAYKEY00000000000000000000009",
}
MAIN_KEY = KEYS["{{PMS_KEY}}"]
_CUT = re.compile(r"(.)\.\.\.<(\d+) characters in total[^>]*>")


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer.

    Attributes:
        at: when it was recorded, in the hotel's time.
        shortened: what the real body held and how long it was, when the recording does not have it.
        texts_replaced: whether long texts of the shop were replaced by shorter ones (lengths differ).
    """

    name: str
    at: str
    method: str
    path: str
    headers: dict[str, str]
    body: str | None
    status: int | None
    answer_headers: dict[str, str]
    answer_body: str
    shortened: dict[str, Any] | None
    texts_replaced: bool = False

    def json(self) -> Any:
        """The answer's body."""
        return json.loads(self.answer_body)


@cache
def exchanges() -> dict[str, Exchange]:
    """All of them by name, as they stand in the files."""
    found = {}
    for file in sorted(FOLDER.glob("*.json")):
        if file.name.startswith("contract"):
            continue  # the contract's exchanges, which contracts/pms compares
        for entry in json.loads(file.read_text("utf-8")):
            request, response = entry["request"], entry["response"]
            found[entry["name"]] = Exchange(
                entry["name"],
                entry["at"] or "2026-11-23 15:00:00",
                request["method"],
                request["path"],
                request.get("headers", {}),
                request.get("body"),
                response["status"],
                response["headers"],
                response.get("body") or "",
                response.get("shortened"),
                "texts" in response,
            )
    return found


def filled(text: str, host: str) -> str:
    """A text with keys and address put in, and repeated filler that the recording cut put back."""
    for placeholder, value in (*KEYS.items(), ("{{PMS_HOST}}", host), ("{{OTHER_HOST}}", "pms.invalid")):
        text = text.replace(placeholder, value)
    cut = _CUT.search(text)
    if cut:
        length = int(cut[2]) - (len(text) - len(cut[0]))
        text = text[: cut.start()] + cut[1] * max(length, 1) + text[cut.end() :]
    return text


def to_bytes(exchange: Exchange, host: str) -> bytes:
    """The request as it goes over the wire."""
    headers = {"Host": host, "Accept": "*/*"} | {name: filled(value, host) for name, value in exchange.headers.items()}
    scheme, _, sent = headers.get("Authorization", "").partition(" ")
    if scheme == "Basic" and sent.startswith("raw "):
        headers["Authorization"] = f"Basic {sent[4:]}"
    elif scheme == "Basic":
        headers["Authorization"] = f"Basic {base64.b64encode(sent.encode()).decode()}"
    body = filled(exchange.body, host).encode() if exchange.body is not None else b""
    if exchange.body is not None or exchange.method in ("POST", "PUT"):
        headers["Content-Length"] = str(len(body))
    lines = [f"{exchange.method} {filled(exchange.path, host)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
