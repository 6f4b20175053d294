"""Did a secret get out? Text is searched for canaries: values of one run that stand nowhere by accident. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from pms_drill.checks.verdict import Verdict, failed, passed, unknown

#: Shorter ones would be found by accident.
SHORTEST = 8
_SHOWN = 8
_URL_SAFE = str.maketrans("+/", "-_")


@dataclass(frozen=True)
class Canary:
    """A secret of the run. `kind`: what it is, for people; its value is shown nowhere."""

    kind: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Hit:
    """A place where a secret stands. `line`: from 1; `how`: raw, in Base64 or encoded for a URL."""

    kind: str
    where: str
    line: int
    how: str

    def __str__(self) -> str:
        """Without the value: that would be the next leak."""
        return f"{self.where}:{self.line} {self.how}"


@dataclass(frozen=True)
class Searched:
    """How much was read: files of the run, their bytes, and answers to the harness with their headers."""

    files: int
    size: int
    answers: int


def nothing_leaked(kind: str, canaries: Iterable[Canary], hits: Iterable[Hit], searched: Searched) -> Verdict:
    """SEC: no secret of this kind stands in an answer, a header, a log, a metric or a result.

    Unknown when there was no such secret to look for, or nothing to look at.
    """
    claimed = f"the {kind} stands in no answer, header, log, metric or result: raw, in Base64 or encoded for a URL"
    known = [canary for canary in canaries if canary.kind == kind]
    found = [hit for hit in hits if hit.kind == kind]
    read = f"{searched.files} files, {searched.size / 1e6:.1f} MB, {searched.answers} answers; {len(known)} value(s)"
    if found:
        shown = "; ".join(map(str, found[:_SHOWN]))
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return failed(claimed, found=shown + more, read=read)
    if not known or any(len(canary.value) < SHORTEST for canary in known):
        return unknown(claimed, secrets=f"{len(known)} known, each must have {SHORTEST} characters", read=read)
    if not searched.files:
        return unknown(claimed, read="nothing")
    return passed(claimed, read=read)


class Needles:
    """All disguises of some canaries, to be looked for in many texts."""

    def __init__(self, canaries: Sequence[Canary]) -> None:
        self._needles = {
            text.encode(): (canary.kind, how)
            for canary in canaries
            for how, texts in disguised(canary.value).items()
            for text in texts
            if len(text) >= SHORTEST
        }

    def found_in(self, text: bytes, where: str) -> Iterator[Hit]:
        """Each line of the text that holds one, once for each kind."""
        seen: set[tuple[str, int]] = set()
        for needle, (kind, how) in self._needles.items():
            at = text.find(needle)
            while at >= 0:
                line = text.count(b"\n", 0, at) + 1
                if (kind, line) not in seen:
                    seen.add((kind, line))
                    yield Hit(kind, where, line, how)
                end = text.find(b"\n", at)
                at = text.find(needle, end) if end >= 0 else -1


def disguised(secret: str) -> Mapping[str, frozenset[str]]:
    """Name of a disguise -> texts that give the secret away.

    Base64 looks different at each of three offsets, as in `Basic user:secret`; only what the neighbours cannot
    change is looked for.
    """
    raw = secret.encode()
    cores = set()
    for offset in range(3):
        # Of the encoding, the first characters belong to the padding in front, the last ones to what may follow.
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        cores.add(encoded[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6])
    urls = {quote(secret, safe=""), quote_plus(secret), quote(secret)}
    urls |= {re.sub("%..", lambda code: code[0].lower(), url) for url in urls}
    urls.discard(secret)
    escaped = json.dumps(secret)[1:-1]
    return {
        "raw": frozenset({secret, escaped}),
        "in Base64": frozenset(cores | {core.translate(_URL_SAFE) for core in cores}),
        "encoded for a URL": frozenset(urls),
    }
