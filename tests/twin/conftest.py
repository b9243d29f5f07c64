"""A twin of one's own per run, the official SDK as its client, and a server that takes its webhooks."""

import os
import queue
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from tests.conftest import eventually

# With a test key of one's own the real Stripe is asked what the twin is asked otherwise (`make stripe`).
REAL_KEY = os.environ.get("STRIPE_SECRET_KEY", "")
KEY = "sk_test_" + "k" * 24
SECRET = "whsec_" + "w" * 24


@dataclass
class Delivery:
    """One POST that the receiver got."""

    body: str
    signature: str
    at: float = field(default_factory=time.monotonic)

    @property
    def event(self) -> stripe.Event:
        return stripe.Webhook.construct_event(self.body, self.signature, SECRET)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Receiver:
    """A shop's webhook endpoint: answers with the statuses it was told to, then with 200."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.statuses: queue.SimpleQueue[int] = queue.SimpleQueue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.deliveries.append(Delivery(body, self.headers["Stripe-Signature"]))
                self.send_response(200 if receiver.statuses.empty() else receiver.statuses.get())
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,)).start()

    def of(self, about: str, kind: str = "") -> list[Delivery]:
        """Deliveries about an object (by id, also of the intent it belongs to), of one kind if given."""
        return [d for d in list(self.deliveries) if about in d.body and f'"type":"{kind}' in d.body]

    def is_quiet(self, seconds: float = 1.2) -> bool:
        """Whether nothing has come for a while."""
        return not self.deliveries or time.monotonic() - self.deliveries[-1].at > seconds

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Twin:
    """A twin process on a port and a database that it keeps when it is started again."""

    database: Path
    webhook_url: str
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def options(self) -> list[str]:
        return [
            "--host",
            self.host,
            "--port",
            str(self.port),
            "--database",
            str(self.database),
            "--webhook-url",
            self.webhook_url,
        ]

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stack.twin", *self.options],
            env={**os.environ, "STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET},
        )
        eventually(self.answers, what="the twin answers")

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health").is_success
        except httpx.TransportError:
            return False

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        assert self.process
        self.process.send_signal(how)
        self.process.wait(30)

    def has_told_all(self) -> bool:
        """Whether every event has been taken or given up."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as known:
            return known.execute("select 1 from deliveries where done = 0 limit 1").fetchone() is None

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Something at the twin's own address, for which the SDK has no call."""
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = httpx.request(method, f"{self.url}{path}", headers=headers, timeout=30, **more)
        # A decline is an answer.
        assert answer.is_success or answer.status_code == 402, answer.text
        return answer.json()

    def client(self, key: str = KEY) -> stripe.StripeClient:
        """The SDK's client; it doesn't repeat by itself what a test does once."""
        return stripe.StripeClient(
            key, http_client=stripe.UrllibClient(), max_network_retries=0, base_addresses={"api": self.url}
        )


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    if REAL_KEY:
        pytest.skip("Stripe reaches no server on this machine")
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="session")
def real() -> stripe.StripeClient:
    """The SDK's client at Stripe itself, in test mode."""
    assert REAL_KEY.startswith("sk_test_"), "only a test key, which moves no money"
    return stripe.StripeClient(REAL_KEY, max_network_retries=0)


@pytest.fixture(scope="session")
def twin(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = Twin(tmp_path_factory.mktemp("twin") / "twin.sqlite3", receiver.url)
    made.start()
    yield made
    made.end()


@pytest.fixture(scope="session")
def client(request: pytest.FixtureRequest) -> stripe.StripeClient:
    """Of whom tests ask what both must answer alike; those who need the twin itself ask for `twin`."""
    if REAL_KEY:
        return request.getfixturevalue("real")  # type: ignore[no-any-return]
    return request.getfixturevalue("twin").client()  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def make_intent(client: stripe.StripeClient) -> Callable[..., stripe.PaymentIntent]:
    """`make_intent(amount=1000, card="pm_card_visa", confirm=True)`."""

    def make(card: str | None = None, **more: Any) -> stripe.PaymentIntent:
        # Of several methods some want an address to come back to.
        parameters: Any = {"amount": 1000, "currency": "gbp", "payment_method_types": ["card"], **more}
        if card:
            parameters["payment_method"] = card
        return client.v1.payment_intents.create(parameters)

    return make
