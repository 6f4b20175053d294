"""Looks in a recording for what must not be there: the second line behind the placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What -> how it looks. Nothing of it is in a recording of ours, so that one hit is enough to refuse it.
SUSPECTS: dict[str, re.Pattern[str]] = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
    "a key, cookie or hash": re.compile(r"(?<![\w{])(?=[A-Za-z]*\d)[0-9A-Za-z]{32,}(?!\w)"),
    "a password hash": re.compile(r"\$2[abxy]\$|\$argon2|\{SHA\}"),
    "a cookie": re.compile(r"QloApps-[0-9a-f]{8,}|def50200"),
    "a path of the server": re.compile(r"(?<![\w:/{}.])/(var|home|srv|usr|opt|tmp|root|work|app|mnt)/"),
    "an address of the server": re.compile(r"\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b(?!\.\d)|localhost:\d+"),
    "a phone number": re.compile(r"(?<![\w.{])\+?\d[\d ()/-]{7,}\d(?![\w.])"),
    "a Basic credential": re.compile(r"Basic [A-Za-z0-9+/=]{16,}"),
}
#: A version looks like an address, and the contract's guests have a phone that is nobody's.
_HARMLESS = re.compile(r'"psws-version": "[\d.]+"|\b0{10}\b|nobody@contract\.example\.com|a@example\b')


def suspicious(text: str, secrets: Iterable[str] = ()) -> list[str]:
    """What slipped through, one sentence each; never the secret itself.

    Args:
        secrets: the key, the guest's name and address: what the recorder knows that it sent.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = _HARMLESS.sub("", line)
        found += [f"line {number}: {what}" for what, pattern in SUSPECTS.items() if pattern.search(bare)]
        low = line.lower()
        found += [f"line {number}: a value that was sent" for secret in secrets if secret and secret.lower() in low]
    return found
