"""The contract's exchanges with the PMS: named, in order, each with its request and what must hold of the answer.

They stand in `contracts/pms/exchanges.toml`. Requests are templates: `$name` is put in when they are sent, from what
the recorder knows (`$key`, `$arrival`) or from an earlier answer (`keep = { order = "booking.id" }`).
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pms_drill.errors import DrillError

SCRIPT = Path(__file__).resolve().parents[2] / "contracts" / "pms" / "exchanges.toml"
#: What the recorder puts in; everything else must come from an earlier answer.
GIVEN = frozenset(
    {"key", "key_lower", "hotel", "room_type", "arrival", "departure", "guest", "reference", "unknown_key"}
)
#: Reads of QloApps that are not GET or HEAD.
_READS_BY_POST = ("/api/hotel_ari",)
_VARIABLE = re.compile(r"\$([a-z_]+)")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Says(_Part):
    """What the contract says of an answer; what it does not name is free.

    Attributes:
        status: of HTTP.
        type: the content type without parameters; empty when there is none.
        has: fields that the body has at least, as "path: type" (see `shape`).
        lacks: fields that it does not have.
        codes: of its errors, all of them; the entries of PHP's warnings (code 3) left out.
        text: stands in one of its errors, or in a body that is only text.
        empty: whether the body has no byte.
        headers: names that must be there.
        absent: names that must not.
    """

    status: int
    type: str
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    codes: tuple[int, ...] | None = None
    text: str = ""
    empty: bool = False
    headers: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Exchange(_Part):
    """One request of the contract and what must hold of its answer.

    Attributes:
        name: unique; recordings and divergences refer to it.
        user: user name of HTTP Basic; None sends no key.
        writes: whether the PMS may be changed; such an exchange is never sent to a read-only address.
        keep: name -> path of a value in the JSON answer that later requests need.
        after: exchange that must have been sent, because this one asks for what it made.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    method: str
    path: str
    user: str | None = "$key"
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    writes: bool = False
    after: str = ""
    keep: dict[str, str] = Field(default_factory=dict)
    says: Says

    @model_validator(mode="before")
    @classmethod
    def _without_key(cls, data: Any) -> Any:
        return data | {"user": None} if isinstance(data, dict) and data.get("user") is False else data

    @model_validator(mode="after")
    def _says_that_it_writes(self) -> Exchange:
        reads = self.method in ("GET", "HEAD", "OPTIONS") or self.path.startswith(_READS_BY_POST)
        if not reads and not self.writes:
            raise ValueError(f"{self.name} is a {self.method} and does not say writes = true")
        return self

    @property
    def needs(self) -> frozenset[str]:
        """Names of the values that the request takes."""
        texts = (self.path, self.user or "", self.body or "", *self.headers.values())
        return frozenset(name for text in texts for name in _VARIABLE.findall(text))

    def request(self) -> dict[str, Any]:
        """The request as a template, for the recording."""
        told: dict[str, Any] = {"method": self.method, "path": self.path}
        if self.user is not None:
            told["user"] = self.user
        if self.headers:
            told["headers"] = dict(self.headers)
        if self.body is not None:
            told["body"] = self.body
        return told


def filled(text: str, values: Mapping[str, str]) -> str:
    """A template with its values put in."""
    return Template(text).substitute(values)


def read(text: str) -> dict[str, Exchange]:
    """The exchanges of a script, in their order.

    Raises:
        ValueError: it is not written as it should be, a name stands there twice, or a request needs what nothing gives.
    """
    found: dict[str, Exchange] = {}
    known = set(GIVEN)
    for entry in tomllib.loads(text).get("exchange", []):
        exchange = Exchange.model_validate(entry)
        if exchange.name in found:
            raise ValueError(f"{exchange.name} is there twice")
        if missing := exchange.needs - known:
            raise ValueError(f"{exchange.name} needs {', '.join(sorted(missing))}, which no earlier exchange keeps")
        if exchange.after and exchange.after not in found:
            raise ValueError(f"{exchange.name} comes after {exchange.after}, which does not stand before it")
        known |= exchange.keep.keys()
        found[exchange.name] = exchange
    return found


@functools.cache
def load(path: Path = SCRIPT) -> dict[str, Exchange]:
    """Read the contract's exchanges, once. Do not change what you get.

    Raises:
        DrillError: the file cannot be read or is not written as it should be.
    """
    try:
        return read(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, ValidationError) as error:
        raise DrillError(
            f"the contract's exchanges cannot be used: {error}",
            where=str(path),
            todo="give each [[exchange]] a name, method, path and says = { status, type }",
        ) from error
