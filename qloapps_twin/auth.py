"""Who may do what: QloApps' keys, which come as user name of HTTP Basic or as `ws_key`, never as a bearer token."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from qloapps_twin.answers import HTML, Answer, Problem, Refused, Request

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
_REALM = "Welcome to {} Webservice, please enter the authentication key as the login. No password required."
_NO_KEY = 'Basic realm="' + _REALM.format("PrestaShop") + '"'
_BAD_KEY = 'Basic realm="' + _REALM.format("QloApps") + '"'
KEY_LENGTH = 32


@dataclass(slots=True)
class Key:
    """A key of the web service.

    Attributes:
        permissions: methods allowed per resource; None allows everything.
        shop: whether the key is tied to the shop (without that it is refused with 403).
    """

    key: str
    active: bool = True
    shop: bool = True
    permissions: dict[str, list[str]] | None = None


@dataclass(slots=True)
class Keys:
    """All keys; letter case does not matter, as in the database's collation."""

    of: dict[str, Key] = field(default_factory=dict)

    def put(self, key: Key) -> None:
        """Add a key or replace the one with the same text."""
        self.of[key.key.lower()] = key

    def find(self, text: str) -> Key | None:
        """The key with this text."""
        return self.of.get(text.lower())


def sent_key(request: Request) -> str | None:
    """The key in a request; Basic wins over `ws_key`. None when there is none at all."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, colon, _ = base64.b64decode(credentials.strip(), validate=True).decode("latin-1").partition(":")
        except (binascii.Error, ValueError):
            user, colon = "", ""
        if colon:
            return user
    return request.query.get("ws_key")


def no_key() -> Answer:
    """The answer to a request without a key, in whatever format it asks for."""
    return Answer(401, b"401 Unauthorized", HTML, handled=False, extra=(("WWW-Authenticate", _NO_KEY),))


def check_key(keys: Keys, text: str) -> Key:
    """Find the key behind a text.

    Raises:
        Refused: 401 with QloApps' reasons; 403 for a key without a shop.
    """
    if not text:
        raise Refused(401, Problem(17, "Authentication key is empty"), realm=_BAD_KEY)
    if len(text) != KEY_LENGTH:
        raise Refused(401, Problem(18, "Invalid authentication key format"), realm=_BAD_KEY)
    nothing = Problem(21, "No permission for this authentication key")
    key = keys.find(text)
    if key is None or not key.active:
        raise Refused(401, Problem(20, "Authentification key is not active"), nothing, realm=_BAD_KEY)
    if key.permissions is not None and not key.permissions:
        raise Refused(401, nothing, realm=_BAD_KEY)
    if not key.shop:
        raise Refused(403, Problem(132, "No permission for this key on this shop"))
    return key


def check_permission(key: Key, resource: str, method: str) -> None:
    """Refuse what the key may not do.

    Raises:
        Refused: 401 without a `WWW-Authenticate` for a resource, 405 for a method.
    """
    if key.permissions is None:
        return
    if resource not in key.permissions:
        text = f'Resource of type "{resource}" is not allowed with this authentication key'
        raise Refused(401, Problem(26, text))
    if method not in key.permissions[resource]:
        text = f"Method {method} is not allowed for the resource {resource} with this authentication key"
        raise Refused(405, Problem(25, text))
