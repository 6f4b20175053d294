"""What is said to QloApps' database and settings, as text."""

from __future__ import annotations

import pytest

from pms_drill.stack import qloapps_settings as settings
from pms_drill.stack import qloapps_sql as sql

SETTINGS = "<?php\ndefine('_DB_SERVER_', 'db');\ndefine('_DB_PREFIX_', 'qlo_');\ndefine('_COOKIE_KEY_', 'secret');\n"


def test_setting_is_changed_and_the_others_stay() -> None:
    changed = settings.change(SETTINGS, {"_DB_SERVER_": "127.0.0.1:4000"})
    assert changed == SETTINGS.replace("'db'", "'127.0.0.1:4000'")


def test_quote_in_a_setting_stays_inside_its_string() -> None:
    assert "define('_DB_SERVER_', 'a\\'b');" in settings.change(SETTINGS, {"_DB_SERVER_": "a'b"})


def test_setting_that_is_not_there_is_told() -> None:
    with pytest.raises(KeyError, match="_DB_NAME_"):
        settings.change(SETTINGS, {"_DB_NAME_": "qloapps"})


def test_agents_key_may_do_no_more_than_the_contract_says() -> None:
    assert set(sql.AGENT_MAY) == {
        "hotels",
        "room_types",
        "hotel_ari",
        "bookings",
        "orders",
        "room_bookings",
        "order_histories",
    }
    assert not any({"PUT", "DELETE"} & set(methods) for methods in sql.AGENT_MAY.values())


def test_key_gets_one_permission_for_each_resource_and_method() -> None:
    [permissions] = [line for line in sql.new_key("qlo_", "K" * 32, sql.AGENT_MAY) if "permission" in line]
    assert permissions.count("@account)") == sum(len(methods) for methods in sql.AGENT_MAY.values())


def test_rooms_are_added_up_to_the_number_and_never_removed() -> None:
    [statement] = sql.more_rooms("qlo_", 7, [(1, 5), (2, 9)])
    assert "WHERE id_product=1 " in statement
    assert [f"'1-{number}'" in statement for number in (5, 6, 7, 8)] == [False, True, True, False]


def test_read_only_account_keeps_no_right_to_write() -> None:
    granted = [line for line in sql.grants(read_only=True) if line.startswith("GRANT")]
    assert len(granted) == 2
    assert not any(word in line for line in granted for word in ("ALL", "INSERT", "UPDATE", "DELETE"))


def test_password_changes_for_every_host_that_the_account_comes_from() -> None:
    made = "\n".join(sql.new_schema("first"))
    changed = sql.change_password("second")
    assert len(changed) == len(sql.ACCOUNT_HOSTS) == made.count("IDENTIFIED BY 'first'")
    for host, statement in zip(sql.ACCOUNT_HOSTS, changed, strict=True):
        assert statement == f"ALTER USER '{sql.USER}'@'{host}' IDENTIFIED BY 'second'"
        assert f"'{sql.USER}'@'{host}'" in made
