"""QloApps' own command-line installer: what it is told, and how its success is known. Pure."""

from __future__ import annotations

from pms_drill.stack import qloapps_sql as sql

#: The script, in the folder `install` of a release.
SCRIPT = "index_cli.php"
#: What it says at its end (its spelling). Its exit code is 0 after some failures, too.
_DONE = "Installation successfull"


def words(database: str, password: str) -> list[str]:
    """The command line after `php`.

    Args:
        database: "host:port" of the server, with an empty schema and an account for QloApps.
        password: of that account.
    """
    options = {
        "domain": sql.DOMAIN,
        "db_server": database,
        "db_name": sql.SCHEMA,
        "db_user": sql.USER,
        "db_password": password,
        # A country whose language pack must be fetched does not work without the internet.
        "country": "gb",
        "language": "en",
        "timezone": "UTC",
        "email": "drill@example.com",
        "password": "drill-password",
        "send_email": "0",
        "newsletter": "0",
    }
    return [SCRIPT, *[f"--{name}={text}" for name, text in options.items()]]


def succeeded(told: str) -> bool:
    """Whether what it wrote is that of an installation that was finished."""
    return _DONE in told
