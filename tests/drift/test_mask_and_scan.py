"""Nothing of persons, machines or moments gets into a recording."""

from __future__ import annotations

import json

import pytest

from pms_drill.drift import mask, scan

CUSTOMER = {
    "id": 4711,
    "lastname": "Hopper",
    "email": "grace@navy.example",
    "phone": "0987654321",
    "passwd": "0123456789abcdef0123456789abcdef",
    "birthday": "1906-12-09",
    "date_add": "2026-11-23 12:00:00",
    "website": None,
    "company": "",
    "optin": True,
}


def test_data_of_persons_become_placeholders_of_their_types() -> None:
    assert mask.masked(CUSTOMER) == {
        "id": "{{number}}",
        "lastname": "{{text}}",
        "email": "{{text}}",
        "phone": "{{digits}}",
        "passwd": "{{text}}",
        "birthday": "{{date}}",
        "date_add": "{{datetime}}",
        "website": None,
        "company": "",
        "optin": True,
    }


def test_field_that_nobody_knew_is_masked() -> None:
    assert mask.masked({"new_secret": "hunter2"}) == {"new_secret": "{{text}}"}


def test_what_the_contract_talks_about_is_kept() -> None:
    line = {"is_cancelled": 1, "current_state": 4, "total_price": 2500.5, "id_room_type": 2}
    assert mask.masked(line) == line


def test_elements_that_look_the_same_are_kept_once() -> None:
    assert mask.masked([{"id": 1}, {"id": 2}]) == [{"id": "{{number}}"}]
    assert mask.masked([{"is_cancelled": 0}, {"is_cancelled": 1}]) == [{"is_cancelled": 0}, {"is_cancelled": 1}]


def test_members_named_after_ids_become_one() -> None:
    assert mask.masked({"7": {"id_room": 7}, "8": {"id_room": 8}}) == {"{{id}}": [{"id_room": "{{number}}"}]}


def test_texts_of_errors_lose_paths_addresses_and_mail_addresses() -> None:
    text = '[PHP Warning #2] Undefined array key "total_tax" (/srv/shop/classes/webservice/Some.php, line 123)'
    told = mask.masked({"errors": [{"code": 3, "message": text}]})["errors"][0]
    assert told == {
        "code": 3,
        "message": '[PHP Warning #2] Undefined array key "total_tax" ({{file}}, line {{number}})',
    }
    assert mask.cleaned("see http://10.0.0.7:8080/api or ada@example.com") == "see http://{{host}}/api or {{email}}"


def test_headers_of_the_server_are_left_out_and_those_of_the_moment_replaced() -> None:
    found = {
        "Date": "now",
        "Server": "Apache",
        "Set-Cookie": "QloApps-0123=def502",
        "Access-Time": "1795442186",
        "PSWS-Version": "1.6.1.23",
        "Content-Type": "",
        "X-Powered-By": "PHP/8.2",
    }
    assert mask.headers(found) == {
        "access-time": "{{value}}",
        "psws-version": "1.6.1.23",
    }


@pytest.mark.parametrize(
    ("slipped", "told"),
    [
        ("ada@hotel.example", "an e-mail address"),
        ("QLOFULLACCESSKEY0000000000000001", "a key, cookie or hash"),
        ("0123456789abcdef0123456789abcdef", "a key, cookie or hash"),
        ("$2y$10$abcdefghijklmnopqrstuv", "a password hash"),
        ("QloApps-daf117f818c8eeec=x", "a cookie"),
        ("(/var/www/shop/index.php)", "a path of the server"),
        ("http://192.168.7.4:8080/api", "an address of the server"),
        ("+48 600 700 800", "a phone number"),
        ("0987654321", "a phone number"),
        ("Basic UUxPRlVMTEFDQ0VTUw==", "a Basic credential"),
    ],
)
def test_scan_finds_what_slipped_through(slipped: str, told: str) -> None:
    text = json.dumps([{"body": slipped}], indent=1)
    assert any(sentence.endswith(told) for sentence in scan.suspicious(text))
    assert slipped not in "".join(scan.suspicious(text))


def test_scan_finds_what_was_sent_and_does_not_repeat_it() -> None:
    assert scan.suspicious('"Lovelace-77"', ["lovelace-77"]) == ["line 1: a value that was sent"]


def test_scan_lets_versions_and_placeholders_pass() -> None:
    text = '"psws-version": "1.6.1.23",\n"phone\\":\\"0000000000\\"",\n"{{email}} {{hash}} http://{{host}}/api/hotels/{{id}}"'
    assert scan.suspicious(text) == []
