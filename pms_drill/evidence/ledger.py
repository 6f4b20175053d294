"""One entry of the ledger: a request as the HTTP fault proxy, in front of the PMS, saw it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class LedgerEntry(BaseModel):
    """A request at the PMS side. All times are seconds on the machine's monotonic clock.

    Attributes:
        seq: number in the order of arrival, from 1, unique within one proxy.
        connection: number of the downstream connection, from 1.
        method, target: as received; `target` includes the query.
        received: the request head was read.
        forwarded: the request was sent on completely; None when it never left for the PMS.
        answered: the PMS's answer head arrived; None when it did not.
        delivered: the last byte of the answer was handed to the downstream connection; None when it was not, or when
            the client had closed by then ("downstream gone"; one that only stopped sending looks the same).
        status: what the downstream side was told; None when nothing was.
        pms_status: what the PMS said; None when it was not asked or did not answer.
        rule: name of the rule that acted; None when none did, also when it should have and could not (see note).
        effect: kind of the effect that acted; None when none did.
        copies: how often the request was forwarded (2 for a duplicated delivery, 0 for a dropped one).
        probe: sent by the harness to prove a fault; never counted.
        request_headers: without Authorization and cookies.
        request_body: the first 4 KiB, as text with replacement characters.
        note: what went wrong on the way ("downstream gone", "upstream refused"). A request that is no HTTP has the
            method and target "?".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seq: int
    connection: int
    method: str
    target: str
    received: float
    forwarded: float | None = None
    answered: float | None = None
    delivered: float | None = None
    status: int | None = None
    pms_status: int | None = None
    rule: str | None = None
    effect: str | None = None
    copies: int = 0
    probe: bool = False
    request_headers: list[tuple[str, str]] = []
    request_body: str = ""
    note: str = ""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]
