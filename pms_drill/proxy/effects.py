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


Effect = Annotated[Status | Delay | DropRequest | DropAnswer, Field(discriminator="kind")]
