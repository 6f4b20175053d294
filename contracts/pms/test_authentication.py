"""The key of the web service: how it is sent, and how QloApps tells that it does not take it."""

from __future__ import annotations

import pytest

from pms_drill.contract.qloapps import QloApps, errors

_REALM = (
    'Basic realm="Welcome to {} Webservice, please enter the authentication key as the login. No password required."'
)
NO_KEY, BAD_KEY = _REALM.format("PrestaShop"), _REALM.format("QloApps")
JSON = {"output_format": "JSON"}
UNKNOWN = "X" * 32

ACCEPTED = {
    "key as user name": lambda key: {"auth": (key, "")},
    "any password": lambda key: {"auth": (key, "anything")},
    "ws_key": lambda key: {"params": {"ws_key": key}},
    "lower case": lambda key: {"auth": (key.lower(), "")},
    "upper case": lambda key: {"auth": (key.upper(), "")},
    "bearer beside ws_key": lambda key: {"headers": {"Authorization": f"Bearer {key}"}, "params": {"ws_key": key}},
}
NOT_SEEN = {
    "bearer": lambda key: {"headers": {"Authorization": f"Bearer {key}"}},
    "bearer asking for JSON": lambda key: {"headers": {"Authorization": f"Bearer {key}"}, "params": JSON},
    "nothing": lambda _: {},
    "X-API-Key": lambda key: {"headers": {"X-API-Key": key}},
}
REFUSED = {
    "empty user name": ({"auth": ("", "")}, [(17, "Authentication key is empty")]),
    "empty ws_key": ({"params": {"ws_key": ""}}, [(17, "Authentication key is empty")]),
    "31 characters": ({"auth": ("X" * 31, "")}, [(18, "Invalid authentication key format")]),
    "33 characters": ({"auth": ("X" * 33, "")}, [(18, "Invalid authentication key format")]),
    "unknown": (
        {"auth": (UNKNOWN, "")},
        [(20, "Authentification key is not active"), (21, "No permission for this authentication key")],
    ),
}
FORBIDDEN = {
    "reading hotel_ari": ("GET", "hotel_ari", 23),
    "deleting a booking": ("DELETE", "bookings/1", 101),
    "patching a booking": ("PATCH", "bookings", 23),
    "asking for options": ("OPTIONS", "hotels", 23),
}


@pytest.mark.property("PMS-01")
@pytest.mark.parametrize("way", ACCEPTED)
def test_key_is_taken_as_basic_user_name_or_ws_key_in_any_letter_case(pms: QloApps, way: str) -> None:
    assert pms.send("GET", "hotels", **ACCEPTED[way](pms.key)).status_code == 200


@pytest.mark.property("PMS-02")
@pytest.mark.parametrize("way", NOT_SEEN)
def test_key_sent_in_any_other_way_is_no_key_bearer_included(pms: QloApps, way: str) -> None:
    answer = pms.send("GET", "hotels", **NOT_SEEN[way](pms.key))
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, NO_KEY)
    assert (answer.headers["Content-Type"].partition(";")[0], answer.text) == ("text/html", "401 Unauthorized")


@pytest.mark.property("PMS-03")
@pytest.mark.parametrize("case", REFUSED)
def test_wrong_key_is_refused_with_the_reason(pms: QloApps, case: str) -> None:
    how, reasons = REFUSED[case]
    answer = pms.send("GET", "hotels", **{**how, "params": JSON | how.get("params", {})})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, BAD_KEY)
    assert errors(answer) == reasons


@pytest.mark.property("PMS-04")
def test_wrong_basic_wins_over_a_good_ws_key(pms: QloApps) -> None:
    answer = pms.send("GET", "hotels", auth=(UNKNOWN, ""), params={"ws_key": pms.key})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, BAD_KEY)


@pytest.mark.property("PMS-05")
@pytest.mark.parametrize("case", FORBIDDEN)
def test_method_that_a_resource_does_not_have_is_405_without_allow(pms: QloApps, case: str) -> None:
    method, path, code = FORBIDDEN[case]
    answer = pms.send(method, path, auth=(pms.key, ""), params=JSON)
    assert answer.status_code == 405
    assert [found for found, _ in errors(answer)] == [code]
    assert "Allow" not in answer.headers
