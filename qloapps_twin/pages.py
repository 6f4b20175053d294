"""Pages that are not from the web service. Own texts with the words by which the real ones are known."""

from __future__ import annotations

_STYLE = "body { max-width: 600px; margin: 0 auto; padding: 30px; font-family: sans-serif; background: #f0f0f0; }"


def _page(title: str, text: str, size: int) -> bytes:
    """An HTML page of exactly `size` bytes: clients that look at lengths see what they saw."""
    head = f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><style>{_STYLE}</style></head>\n<body>\n'
    page = f"{head}<h2>{title}</h2>\n<p>{text}</p>\n</body>\n</html>\n"
    filler = size - len(page.encode())
    return f"{page}<!--{' ' * (filler - 8)}-->\n".encode() if filler > 8 else page.encode()


DATABASE_DOWN = _page(
    "<span>500</span> Server Error",
    "Oops, something went wrong.<br /><br />Try to refresh this page or feel free to contact us if the problem persists.",
    2450,
)
STOREFRONT_404 = _page("404", "This page is not available. The hotel's shop is at the front page.", 31_000)
URI_TOO_LONG = _page("Request-URI Too Long", "The requested URL's length exceeds the capacity limit.", 0)
FORBIDDEN = _page("Forbidden", "You don't have permission to access this resource.", 0)
