"""Settings, from the environment and from `.env` in the working directory.

A variable of the environment wins over `.env`; within `.env` the last line of a name wins, so that
`echo "PMS_TYPE=mock" >> .env` and a restart switch the adapter (runbook, options 1 and 3).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hotel_agent.misspelt import warnings


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False


class Settings(BaseSettings):
    """Every setting; names are the upper-case field names. Times are seconds, fractions allowed.

    Attributes:
        pms_timeout: deadline of one whole exchange with the PMS, connect and body included.
        pms_settle: how long after an unknown booking attempt nothing is repeated; default 3 x `pms_timeout`.
        pms_stale_max: how old an answer of the PMS may be to be given again while the breaker is not closed.
        pms_max_guests: how many guests are with the PMS at once; as many again wait for a place.
        pms_pending_max: how many reservations may be pending at once.
        pms_pending_ttl: how long a reservation may stay pending.
        pms_retention: how long after the end of a stay its guest's name and e-mail are kept.
    """

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", allow_inf_nan=False)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    pms_type: Literal["qloapps", "mock"] = "qloapps"
    pms_base_url: str = ""
    pms_api_key: SecretStr = SecretStr("")
    pms_timeout: float = Field(default=10.0, gt=0)
    pms_circuit_breaker_failure_threshold: int = Field(default=5, ge=1)
    pms_circuit_breaker_recovery_timeout: float = Field(default=30.0, gt=0)
    pms_hotel_id: int = Field(default=1, ge=1)
    pms_default_phone: str = "0000000000"
    pms_currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    pms_failover: Literal["mock", "off"] = "mock"
    pms_stale_max: float = Field(default=300.0, ge=0)
    pms_max_guests: int = Field(default=64, ge=1)
    pms_health_interval: float = Field(default=60.0, gt=0)
    pms_settle: float = Field(default=0.0, ge=0)
    pms_outbox_interval: float = Field(default=5.0, gt=0)
    pms_pending_max: int = Field(default=1000, ge=1)
    pms_pending_ttl: float = Field(default=86400.0, gt=0)
    pms_retention: float = Field(default=30 * 86400.0, ge=0)
    outbox_path: Path = Path("outbox.sqlite")
    hotel_timezone: str = "UTC"
    admin_token: SecretStr = SecretStr("")
    log_file: Path | None = None

    @field_validator("hotel_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is not a time zone such as Europe/Warsaw") from error
        return name

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.pms_settle == 0:
            self.pms_settle = 3 * self.pms_timeout
        if self.pms_type == "qloapps":
            if not _is_http(self.pms_base_url):
                raise ValueError("PMS_BASE_URL must be an http:// or https:// address (or set PMS_TYPE=mock)")
            key = self.pms_api_key.get_secret_value()
            if not (key.isascii() and key.isprintable() and key):
                raise ValueError("PMS_API_KEY is required, in printable ASCII (or set PMS_TYPE=mock)")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The hotel's time zone: what "today" means to guests."""
        return ZoneInfo(self.hotel_timezone)

    @property
    def failover(self) -> bool:
        """Whether guests get marked answers while the breaker is not closed."""
        return self.pms_failover == "mock"


def misspelt() -> list[str]:
    """One line for each variable or line of `.env` that looks like a setting and is none; never its value."""
    known = [name.upper() for name in Settings.model_fields]
    return warnings(known, os.environ, Path(str(Settings.model_config["env_file"])))


def read_settings() -> Settings:
    """Read all settings.

    Raises:
        SystemExit: a setting is wrong; its text is one line that names it, without its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']).upper() or 'settings'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SystemExit(f"hotel-agent: wrong setting: {problems}") from None
    except (OSError, UnicodeDecodeError):
        raise SystemExit("hotel-agent: .env cannot be read as UTF-8 text") from None
