"""One line of log a request, with its id and never with what it carries."""

import json
import logging
import sys
import time
from typing import Any

import structlog
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extensions.config import settings

# By these the database is told which request it is; it is told so in the same transaction.
TELLING = (
    "from set_config('request.headers', %(its_headers)s, true) headers,"
    " set_config('application_name', coalesce(%(its_name)s, current_setting('application_name')), true) named"
)


def configure() -> None:
    """JSON for machines, an object a line; for people at a terminal plain lines."""
    renderer = (
        structlog.dev.ConsoleRenderer(pad_event_to=0)
        if sys.stdout.isatty()
        else structlog.processors.JSONRenderer(sort_keys=False)
    )
    steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
    ]
    # What libraries say (Celery reports a crashed task this way) must not get lost; uvicorn has lines of its own.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=steps))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.handlers, uvicorn.propagate = [], True
    structlog.configure(
        processors=[*steps, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings().log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )


def bind(request_id: str | None, traceparent: str | None) -> None:
    """From now on lines of this task, and what it does in the database, are of this request."""
    structlog.contextvars.clear_contextvars()
    known = {"request_id": request_id, "traceparent": traceparent}
    structlog.contextvars.bind_contextvars(**{name: value for name, value in known.items() if value})


def telling(**headers: str | None) -> dict[str, str | None]:
    """The values of TELLING, with other headers that the database wants to know."""
    bound = structlog.contextvars.get_contextvars()
    named = {"x-request-id": bound.get("request_id"), "traceparent": bound.get("traceparent")}
    return {"its_headers": json.dumps({**named, **headers}), "its_name": bound.get("request_id")}


class RequestLog:
    """ASGI middleware: binds the request id that nginx gave, and tells how the request went."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and log when the answer has begun."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        bind(*(headers.get(name, b"").decode("latin-1") for name in (b"x-request-id", b"traceparent")))
        begun = time.perf_counter()

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] != "/health/live":
                structlog.get_logger().info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=message["status"],
                    ms=round((time.perf_counter() - begun) * 1000, 1),
                )
            await send(message)

        await self.app(scope, receive, tell)


middleware = Middleware(RequestLog)
