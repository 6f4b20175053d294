"""What is said to QloApps' database, as text: pure, so that it can be read and tested without a server.

QloApps looks everything up anew with each request, so that each statement takes effect at once (measured, 1.6.1 and
1.7.0). `{p}` is the prefix of its tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

#: The shop's domain. It is a name, not an address: ports change from run to run, and the data is kept between runs.
DOMAIN = "pms.drill.example"
#: Schema and account that QloApps uses.
SCHEMA, USER = "qloapps", "qloapps"
#: Where the account comes from: by socket and by loopback.
ACCOUNT_HOSTS = ("localhost", "127.0.0.1")
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD")

#: All that the agent may do (agent-contract, "Writes"): reads, bookings, and cancelling by an entry of the history.
AGENT_MAY: Mapping[str, tuple[str, ...]] = {
    "hotels": ("GET",),
    "room_types": ("GET",),
    "hotel_ari": ("POST",),
    "bookings": ("GET", "POST"),
    "orders": ("GET",),
    "room_bookings": ("GET",),
    "order_histories": ("GET", "POST"),
}
_EVERYTHING = (
    "addresses advance_payments booking_extra_demands bookings carriers cart_bookings cart_rules carts categories "
    "combinations configurations contacts content_management_system countries currencies customer_messages "
    "customer_threads customers customizations deliveries demand_advance_options employees extra_demands "
    "feature_prices groups guests hotel_ari hotel_features hotel_refund_rules hotel_room_types hotel_rooms hotels "
    "image_types images languages manufacturers order_carriers order_details order_discounts order_histories "
    "order_invoices order_payments order_slip order_states orders price_ranges product_customization_fields "
    "product_suppliers room_bookings room_type_feature_values room_type_features room_type_option_values "
    "room_type_options room_types search services shop_groups shop_urls shops specific_price_rules specific_prices "
    "states stock_availables stock_movement_reasons stock_movements stocks stores suppliers supply_order_details "
    "supply_order_histories supply_order_receipt_histories supply_order_states supply_orders tags tax_rule_groups "
    "tax_rules taxes translated_configurations warehouse_product_locations warehouses weight_ranges zones"
)
#: All resources and methods, for the harness.
HARNESS_MAY: Mapping[str, tuple[str, ...]] = dict.fromkeys(_EVERYTHING.split(), METHODS)


def new_schema(password: str) -> list[str]:
    """An empty schema and an account for QloApps, by socket and by loopback."""
    who = [f"'{USER}'@'{host}'" for host in ACCOUNT_HOSTS]
    made = [f"CREATE USER {name} IDENTIFIED BY '{password}'" for name in who]
    granted = [f"GRANT ALL ON {SCHEMA}.* TO {name}" for name in who]
    return [f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4", *made, *granted]


def change_password(password: str, hosts: Sequence[str] = ACCOUNT_HOSTS) -> list[str]:
    """Another password for QloApps' account, from its next connection on."""
    return [f"ALTER USER '{USER}'@'{host}' IDENTIFIED BY '{password}'" for host in hosts]


def base_settings(prefix: str) -> list[str]:
    """Web service on, mail off, prices with tax, and our own domain; for the state that every run begins with.

    With prices shown without tax QloApps answers every booking with 500 (its defect); installers for some countries
    set that.
    """
    return [
        *configure(prefix, "PS_WEBSERVICE", "1"),
        *configure(prefix, "PS_MAIL_METHOD", "3"),
        *domain(prefix, DOMAIN),
        f"UPDATE {prefix}group SET price_display_method=0",
        f"DELETE FROM {prefix}webservice_permission",
        f"DELETE FROM {prefix}webservice_account_shop",
        f"DELETE FROM {prefix}webservice_account",
    ]


def configure(prefix: str, name: str, value: str) -> list[str]:
    """Set one entry of QloApps' configuration for all shops."""
    return [
        f"DELETE FROM {prefix}configuration WHERE name='{name}'",
        f"INSERT INTO {prefix}configuration (name,value,date_add,date_upd) VALUES ('{name}','{value}',NOW(),NOW())",
    ]


def domain(prefix: str, host: str) -> list[str]:
    """The domain that QloApps answers for; every other one is redirected to it."""
    return [
        f"UPDATE {prefix}shop_url SET domain='{host}', domain_ssl='{host}'",
        f"UPDATE {prefix}configuration SET value='{host}' WHERE name IN ('PS_SHOP_DOMAIN','PS_SHOP_DOMAIN_SSL')",
    ]


def new_key(prefix: str, key: str, may: Mapping[str, Sequence[str]]) -> list[str]:
    """A key of the web service with its permissions, one row per resource and method.

    Args:
        key: exactly 32 letters and digits.
        may: resource -> methods.
    """
    return [
        f"INSERT INTO {prefix}webservice_account (`key`,description,class_name,is_module,active) "
        f"VALUES ('{key}','','WebserviceRequest',0,1)",
        "SET @account=LAST_INSERT_ID()",
        f"INSERT INTO {prefix}webservice_account_shop VALUES (@account,1)",
        *_permissions(prefix, may, "@account"),
    ]


def change_key(prefix: str, old: str, new: str) -> str:
    """Give an account another key."""
    return f"UPDATE {prefix}webservice_account SET `key`='{new}' WHERE `key`='{old}'"


def activate_key(prefix: str, key: str, active: bool) -> str:
    """Enable or disable a key."""
    return f"UPDATE {prefix}webservice_account SET active={int(active)} WHERE `key`='{key}'"


def forbid(prefix: str, key: str, resource: str) -> str:
    """Take all permissions for a resource from a key."""
    return f"DELETE FROM {prefix}webservice_permission WHERE resource='{resource}' AND {_of(prefix, key)}"


def permitted(prefix: str, key: str, resource: str) -> str:
    """Count the permissions that a key has for a resource."""
    return f"SELECT COUNT(*) FROM {prefix}webservice_permission WHERE resource='{resource}' AND {_of(prefix, key)}"


def permit(prefix: str, key: str, may: Mapping[str, Sequence[str]]) -> list[str]:
    """Give permissions to a key, those that it has already included."""
    account = f"(SELECT id_webservice_account FROM {prefix}webservice_account WHERE `key`='{key}')"
    return _permissions(prefix, may, account)


def more_rooms(prefix: str, per_type: int, there: Iterable[tuple[int, int]]) -> list[str]:
    """Physical rooms, so that each type has `per_type`: copies of its first one with numbers of their own.

    Args:
        there: (room type, number of rooms) as they are.
    """
    statements = []
    for room_type, count in there:
        numbers = range(count + 1, per_type + 1)
        if not numbers:
            continue
        names = " UNION ALL ".join(f"SELECT '{room_type}-{number}' AS name" for number in numbers)
        statements.append(
            f"INSERT INTO {prefix}htl_room_information "
            "(id_product,id_hotel,room_num,id_status,floor,comment,date_add,date_upd) "
            "SELECT r.id_product,r.id_hotel,n.name,1,r.floor,'',NOW(),NOW() "
            f"FROM (SELECT * FROM {prefix}htl_room_information WHERE id_product={room_type} ORDER BY id LIMIT 1) r "
            f"CROSS JOIN ({names}) n"
        )
    return statements


def grants(read_only: bool, hosts: Sequence[str] = ACCOUNT_HOSTS) -> list[str]:
    """What QloApps' account may do from its next connection on."""
    rights = "SELECT, LOCK TABLES, SHOW VIEW" if read_only else "ALL"
    statements = []
    for host in hosts:
        statements.append(f"REVOKE ALL PRIVILEGES ON {SCHEMA}.* FROM '{USER}'@'{host}'")
        statements.append(f"GRANT {rights} ON {SCHEMA}.* TO '{USER}'@'{host}'")
    return statements


def _permissions(prefix: str, may: Mapping[str, Sequence[str]], account: str) -> list[str]:
    rows = ",".join(f"('{resource}','{method}',{account})" for resource, all_ in may.items() for method in all_)
    return [f"INSERT IGNORE INTO {prefix}webservice_permission (resource,method,id_webservice_account) VALUES {rows}"]


def _of(prefix: str, key: str) -> str:
    return (
        f"id_webservice_account IN (SELECT id_webservice_account FROM {prefix}webservice_account WHERE `key`='{key}')"
    )
