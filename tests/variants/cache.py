"""`python -m tests.variants.cache PORT`: a cache that answers every line with "not here", as Redis would."""

from __future__ import annotations

import socketserver
import sys


class Lines(socketserver.StreamRequestHandler):
    """Answers line by line."""

    def handle(self) -> None:
        for _ in self.rfile:
            self.wfile.write(b"$-1\r\n")


class Cache(socketserver.ThreadingTCPServer):
    """Listens on loopback."""

    allow_reuse_address, daemon_threads = True, True


if __name__ == "__main__":
    with Cache(("127.0.0.1", int(sys.argv[1])), Lines) as cache:
        cache.serve_forever()
