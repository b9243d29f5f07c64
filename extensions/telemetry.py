"""Tell what was done: the part `metrics` by datagrams that nobody misses, and a collector of traces if there is one."""

import asyncio
import json
import os
import socket
from contextlib import suppress
from pathlib import Path

from extensions.config import settings

TELL_EVERY = 15.0


def tell(**what: object) -> None:
    """One datagram; nothing when nobody counts."""
    host, _, port = (settings().metrics_address or "").rpartition(":")
    if host:
        with suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as channel:
            channel.sendto(json.dumps(what).encode(), (host, int(port)))


def tell_weight(part: str) -> None:
    """What this process and its children weigh: seconds of CPU, bytes of memory."""
    own = Path("/proc/self")
    processes = [own, *(Path("/proc", pid) for file in own.glob("task/*/children") for pid in file.read_text().split())]
    cpu = resident = 0.0
    for process in processes:
        with suppress(OSError):
            # After the name, which may hold anything: user and system time, and those of children that have ended.
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            cpu += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
            resident += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    tell(part=part, cpu=cpu, resident=resident)


async def keep_telling(part: str) -> None:
    """Again and again, as long as the process lives."""
    while True:
        await asyncio.to_thread(tell_weight, part)
        await asyncio.sleep(TELL_EVERY)


def trace(part: str) -> bool:
    """From now on statements are spans, and all spans of this process go to the collector. False when there is none."""
    endpoint = settings().otel_exporter_otlp_endpoint
    if endpoint is None:
        return False
    # Large, and hardly ever wanted.
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": f"pgshop-{part}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    PsycopgInstrumentor().instrument()
    return True
