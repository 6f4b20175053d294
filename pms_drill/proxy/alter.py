"""Changes an answer as an effect says. Pure: an answer goes in, another comes out, or a reason why not."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, replace
from typing import Any

from pms_drill.proxy.answers import Answer, pong, status_line
from pms_drill.proxy.effects import (
    Change,
    DropField,
    Duplicate,
    Effect,
    MutateBody,
    Prefix,
    Recode,
    RepeatField,
    ReplaceBody,
    SetField,
    Truncate,
)

#: A value of each JSON type, unlike what the PMS would say.
_OF_TYPE: dict[str, Any] = {
    "string": "not what you expect",
    "number": -1.5,
    "boolean": True,
    "null": None,
    "list": [],
    "object": {},
}


#: Marks the second of two equal keys, which no Python object can hold; a private character that JSON leaves as it is.
_AGAIN = "\uf8ff"


class CannotAct(Exception):
    """The effect has nothing to act on; the text is for the ledger."""


@dataclass(frozen=True)
class Altered:
    """Attributes: claimed_length: the Content-Length to claim, if not the true one; the connection then ends."""

    answer: Answer
    claimed_length: int | None = None


def altered(effect: ReplaceBody | MutateBody, answer: Answer) -> Altered:
    """The answer after the effect. Raises CannotAct; an effect that would change nothing cannot act either."""
    if isinstance(effect, ReplaceBody):
        return Altered(_replaced(effect, answer))
    if not answer.has_body:
        raise CannotAct("the answer has no body")
    plain = answer.without_coding(_decoded(answer))
    if isinstance(effect.change, Truncate):
        return _truncated(effect.change, plain)
    content = _changed(effect.change, plain.content)
    if content == plain.content:
        raise CannotAct("the body is the same before and after")
    return Altered(replace(plain, content=content))


def own_answer(effect: Effect | None) -> Answer:
    """What the fault proxy answers a probe that it does not forward, before the effect: something to act on."""
    match effect:
        case Duplicate():
            return pong(copies=2)
        case MutateBody(change=Truncate(keep=keep)):
            return pong(b"pong" * (keep // 4 + 1))
        case MutateBody(change=SetField(field=field, to=to)):
            return pong(json.dumps(_document(field, 1 if to == "string" else "pong")).encode())
        case MutateBody(change=RepeatField(field=field, to=to)):
            return pong(json.dumps(_document(field, 1 if to == "string" else "pong")).encode())
        case MutateBody(change=DropField(field=field)):
            return pong(json.dumps(_document(field, "pong")).encode())
        case MutateBody(change=Recode()):
            return pong("pong \N{LATIN SMALL LETTER E WITH ACUTE}".encode())
        case _:
            return pong()


def _replaced(effect: ReplaceBody, answer: Answer) -> Answer:
    if effect.status is None and not answer.has_body:
        raise CannotAct("the answer has no body")
    new = answer.without_coding(effect.body.encode())
    if effect.status is not None:
        new = replace(new, line=status_line(effect.status))
    return new.with_headers(effect.headers)


def _truncated(change: Truncate, answer: Answer) -> Altered:
    if change.keep >= len(answer.content):
        raise CannotAct(f"the body has only {len(answer.content)} bytes")
    short = replace(answer, content=answer.content[: change.keep])
    return Altered(short, len(answer.content) if change.length == "original" else None)


def _changed(change: Change, content: bytes) -> bytes:
    match change:
        case Prefix():
            return change.text.encode() + content
        case Recode():
            return _text(content).encode(change.charset, "replace")
        case SetField():
            document, holder, key = _find(content, change.field)
            holder[key] = _OF_TYPE[change.to]
            return json.dumps(document).encode()
        case DropField():
            document, holder, key = _find(content, change.field)
            del holder[key]
            return json.dumps(document).encode()
        case RepeatField():
            document, holder, key = _find(content, change.field)
            if not isinstance(holder, dict):
                raise CannotAct(f"{change.field} is no field of an object")
            holder[f"{key}{_AGAIN}"] = _OF_TYPE[change.to]
            return json.dumps(document, ensure_ascii=False).replace(_AGAIN, "").encode()
        case _:
            raise AssertionError(change)


def _find(content: bytes, field: str) -> tuple[Any, Any, Any]:
    """The document, and the object or list in it that holds the field under a key."""
    try:
        document = json.loads(content)
    except ValueError as error:
        raise CannotAct("the answer is no JSON") from error
    holder: Any = None
    key: Any = None
    inner = document
    for part in field.split("."):
        holder, key = inner, int(part) if isinstance(inner, list) and part.isdecimal() else part
        try:
            inner = holder[key]
        except (LookupError, TypeError) as error:
            raise CannotAct(f"the answer has no field {field}") from error
    return document, holder, key


def _document(field: str, value: Any) -> Any:
    """A document that holds the field."""
    for part in reversed(field.split(".")):
        value = [None] * int(part) + [value] if part.isdecimal() and int(part) < 100 else {part: value}
    return value


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise CannotAct("the answer is no UTF-8 text") from error


def _decoded(answer: Answer) -> bytes:
    """The content without its Content-Encoding."""
    try:
        match answer.coding:
            case "" | "identity":
                return answer.content
            case "gzip" | "x-gzip":
                return gzip.decompress(answer.content)
            case "deflate":
                return zlib.decompress(answer.content)
    except (OSError, EOFError, zlib.error) as error:
        raise CannotAct(f"the answer cannot be unpacked: {error}") from error
    raise CannotAct(f"the answer is packed as {answer.coding}")
