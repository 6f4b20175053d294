"""Is QloApps' web service itself? The first answer after a start takes its time: PHP loads hundreds of files."""

from __future__ import annotations

import httpx
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill.errors import DrillError

_LIMIT_S = 20.0


def await_answer(address: str, key: str) -> None:
    """Wait until the list of hotels is answered with 200.

    Args:
        address: "127.0.0.1:<port>" of the web server.
        key: of the web service.

    Raises:
        DrillError: it did not come to that in time; with the last answer.
    """
    last = "nothing"

    def answers() -> bool:
        nonlocal last
        try:
            told = httpx.get(
                f"http://{address}/api/hotels?output_format=JSON", auth=(key, ""), timeout=10.0, trust_env=False
            )
        except httpx.HTTPError as error:
            last = type(error).__name__
            return False
        last = f"{told.status_code} {told.text[:200]}"
        return told.status_code == 200

    polling = Retrying(
        stop=stop_after_delay(_LIMIT_S), wait=wait_fixed(0.05), retry=retry_if_result(lambda done: not done)
    )
    try:
        polling(answers)
    except RetryError:
        raise DrillError(
            "QloApps' web service does not answer as it should",
            where=f"GET /api/hotels: {last}",
            todo="look at qloapps.log and database.log in the run's logs/ folder; is the dump that of this tree?",
        ) from None
