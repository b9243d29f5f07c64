"""Ask servers on loopback whether they serve."""

import socket
import urllib.error
import urllib.request


def answers(url: str) -> bool:
    """Whether an HTTP server answers with 2xx."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 our own loopback urls
            return bool(200 <= answer.status < 300)
    except (OSError, urllib.error.URLError):
        return False


def speaks(port: int, said: bytes, expected: bytes) -> bool:
    """Whether a server on loopback says `expected` (after being told `said`)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(said)
            return expected in connection.recv(200)
    except OSError:
        return False
