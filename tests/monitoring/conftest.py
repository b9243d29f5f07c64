"""A shop that may be broken, which tells a collector of traces what it does."""

import gzip
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.conftest import Shop, pgshop, start_stack


class Span(NamedTuple):
    """What a part has told of something that it did."""

    service: str
    name: str
    trace: str
    parent: str


class Collector(ThreadingHTTPServer):
    """OTLP over HTTP, as the protocol says (https://opentelemetry.io/docs/specs/otlp/)."""

    daemon_threads = True

    def __init__(self) -> None:
        self.spans: list[Span] = []
        super().__init__(("127.0.0.1", 0), Receiver)


class Receiver(BaseHTTPRequestHandler):
    """One export."""

    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        assert self.path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            of = {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"]
            self.server.spans += [
                Span(of, span.name, span.trace_id.hex(), span.parent_span_id.hex())
                for scope in resource.scope_spans
                for span in scope.spans
            ]
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with Collector() as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def breakable(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Shop]:
    """A shop of our own."""
    folder = tmp_path_factory.mktemp("breakable")
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    endpoint = f"http://127.0.0.1:{collector.server_port}"
    shop = start_stack(folder / "state", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="200")
    yield shop
    for client in shop.clients:
        client.close()
    pgshop("down", "--state", str(shop.state))
