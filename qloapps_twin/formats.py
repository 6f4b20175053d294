"""In which format an answer is wanted, and to which address its links go."""

from __future__ import annotations

from qloapps_twin.answers import Request


def wants_json(request: Request) -> bool:
    """Only this exact value of these four, the first one that is there; `Accept` is not looked at."""
    for value in (
        request.headers.get("io-format"),
        request.headers.get("output-format"),
        request.query.get("output_format"),
        request.query.get("io_format"),
    ):
        if value is not None:
            return value == "JSON"
    return False


def base_url(request: Request) -> str:
    """The address of the web service, for links in XML."""
    return f"http://{request.headers.get('host', '127.0.0.1')}/api"
