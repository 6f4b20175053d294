"""What a rule does to a request, as data. What is unknown, misspelt or of the wrong type is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)

How = Literal["reset", "close", "hang"]
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\t\x20-\x7e\x80-\xff]*$")]
#: Header fields as pairs, so that order and duplicates are the caller's choice.
Headers = Annotated[list[Annotated[tuple[HeaderName, HeaderValue], Field(strict=False)]], Field(max_length=100)]
StatusCode = Annotated[int, Field(ge=200, le=599)]


class Status(BaseModel):
    """The fault proxy answers itself; the PMS is not asked."""

    model_config = STRICT
    kind: Literal["status"]
    status: StatusCode
    headers: Headers = []
    body: str = ""


class Delay(BaseModel):
    """The request is held before it is forwarded, or its answer before it is delivered."""

    model_config = STRICT
    kind: Literal["delay"]
    seconds: Annotated[float, Field(gt=0, le=3600)]
    before: Literal["forwarding", "answering"] = "answering"


class DropRequest(BaseModel):
    """The PMS never sees the request; the connection is reset, closed, or stays open without an answer."""

    model_config = STRICT
    kind: Literal["drop_request"]
    how: How = "reset"


class DropAnswer(BaseModel):
    """The PMS does the work; its answer is dropped."""

    model_config = STRICT
    kind: Literal["drop_answer"]
    how: How = "reset"


class Duplicate(BaseModel):
    """The PMS gets the same request a second time, on a connection of its own, after the first answer was delivered.

    Attributes:
        gap: seconds between the two.
    """

    model_config = STRICT
    kind: Literal["duplicate"]
    gap: Annotated[float, Field(ge=0, le=600)] = 0.0


class ReplaceBody(BaseModel):
    """The PMS does the work; its answer gets another body, and another status and headers where given."""

    model_config = STRICT
    kind: Literal["replace_body"]
    body: str
    status: StatusCode | None = None
    headers: Headers = []


#: Names and numbers of list items, with dots: "booking.id", "bookings.0.total".
FieldPath = Annotated[str, Field(pattern=r"^[^.]+(\.[^.]+)*$", max_length=200)]


class Truncate(BaseModel):
    """Only the first `keep` bytes; their length is told, or that of the whole body and the connection is closed."""

    model_config = STRICT
    how: Literal["truncate"]
    keep: Annotated[int, Field(ge=0, le=1_000_000)]
    length: Literal["correct", "original"]


class SetField(BaseModel):
    """A field of the JSON body gets a value of another type."""

    model_config = STRICT
    how: Literal["set_field"]
    field: FieldPath
    to: Literal["string", "number", "boolean", "null", "list", "object"]


class DropField(BaseModel):
    """A field of the JSON body is left out."""

    model_config = STRICT
    how: Literal["drop_field"]
    field: FieldPath


class RepeatField(BaseModel):
    """A field of the JSON body comes twice, the second time with a value of another type; most parsers take that."""

    model_config = STRICT
    how: Literal["repeat_field"]
    field: FieldPath
    to: Literal["string", "number", "boolean", "null", "list", "object"]


class Prefix(BaseModel):
    """Text in front of the body, as PHP puts its warnings."""

    model_config = STRICT
    how: Literal["prefix"]
    text: Annotated[str, Field(min_length=1)]


class Recode(BaseModel):
    """The body in another charset than the headers say; "utf-8-sig" is UTF-8 with a byte order mark."""

    model_config = STRICT
    how: Literal["recode"]
    charset: Literal["utf-16", "utf-8-sig", "latin-1"]


Change = Annotated[Truncate | SetField | DropField | RepeatField | Prefix | Recode, Field(discriminator="how")]


class MutateBody(BaseModel):
    """The PMS does the work; the body of its answer is changed. Where that is not possible the rule has missed."""

    model_config = STRICT
    kind: Literal["mutate_body"]
    change: Change


Effect = Annotated[
    Status | Delay | DropRequest | DropAnswer | Duplicate | ReplaceBody | MutateBody, Field(discriminator="kind")
]
