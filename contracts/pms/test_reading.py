"""Reading: the format of answers, the probe, empty lists, and what does not exist."""

from __future__ import annotations

import pytest

from pms_drill.contract.qloapps import QloApps, errors
from pms_drill.profile import Profile

JSON_BY = {
    "output_format": {"params": {"output_format": "JSON"}},
    "io_format": {"params": {"io_format": "JSON"}},
    "Output-Format": {"headers": {"Output-Format": "JSON"}},
    "Io-Format": {"headers": {"Io-Format": "JSON"}},
    "header before query": {"headers": {"Io-Format": "JSON"}, "params": {"output_format": "XML"}},
}
XML_BY = {
    "nothing": {},
    "Accept": {"headers": {"Accept": "application/json"}},
    "lower case": {"params": {"output_format": "json"}},
    "unknown format": {"params": {"output_format": "YAML"}},
    "header before query": {"headers": {"Io-Format": "XML"}, "params": {"output_format": "JSON"}},
}
NO_SUCH_ID = ["hotels/99999", "bookings/99999999", "room_bookings/99999999", "orders/99999999", "hotels/abc"]
NO_SUCH_RESOURCE = ["availability", "hotel_booking", "hotel_bookings", "reservations", "rooms", "health", "v1"]


@pytest.mark.property("PMS-06")
@pytest.mark.parametrize("switch", JSON_BY)
def test_json_is_given_by_the_output_switch(pms: QloApps, switch: str) -> None:
    answer = pms.send("GET", "hotels", auth=(pms.key, ""), **JSON_BY[switch])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


@pytest.mark.property("PMS-07")
@pytest.mark.parametrize("switch", XML_BY)
def test_anything_else_gives_xml_accept_included(pms: QloApps, switch: str) -> None:
    answer = pms.send("GET", "hotels", auth=(pms.key, ""), **XML_BY[switch])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml;charset=utf-8")
    assert answer.text.startswith("<?xml")


@pytest.mark.property("PMS-08")
def test_list_of_hotels_is_a_probe_of_everything_at_once(pms: QloApps, profile: Profile) -> None:
    answer = pms.get("hotels")
    assert answer.status_code == 200
    assert {"id": profile.pms.hotel_id} in answer.json()["hotels"]


@pytest.mark.property("PMS-09")
@pytest.mark.parametrize(
    ("resource", "params"),
    [
        ("orders", {"filter[source]": "[nobody-has-this-reference]"}),
        ("room_bookings", {"filter[id_order]": "[99999999]", "display": "[id,id_room]"}),
        ("hotels", {"limit": "1000,5"}),
    ],
    ids=["no order with the reference", "no room line of the order", "beyond the last page"],
)
def test_empty_list_is_a_bare_array(pms: QloApps, resource: str, params: dict[str, str]) -> None:
    answer = pms.get(resource, **params)
    assert (answer.status_code, answer.text) == (200, "[]")


@pytest.mark.property("PMS-10")
@pytest.mark.parametrize("path", NO_SUCH_ID)
def test_unknown_id_is_404_without_a_body(pms: QloApps, path: str) -> None:
    answer = pms.get(path)
    assert (answer.status_code, answer.content) == (404, b"")
    assert not answer.headers.get("Content-Type")


@pytest.mark.property("PMS-11")
@pytest.mark.parametrize("resource", NO_SUCH_RESOURCE)
def test_unknown_resource_is_400_and_names_the_known_ones(pms: QloApps, resource: str) -> None:
    answer = pms.get(resource)
    assert answer.status_code == 400
    [(code, text)] = errors(answer)
    assert code == 27
    assert f'Resource of type "{resource}" does not exists.' in text
    assert '"hotel_ari"' in text
