"""One line of log a request, with its id and never with what it carries."""

import logging
import sys
import time

import structlog
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extensions.config import settings


def configure() -> None:
    """Console lines for people in development, JSON for machines in production."""
    renderer = (
        structlog.processors.JSONRenderer()
        if settings().environment == "production"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    # What libraries say (Celery reports a crashed task this way) must not get lost.
    logging.basicConfig(
        stream=sys.stdout, level=logging.WARNING, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings().log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )


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
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=headers.get(b"x-request-id", b"").decode("latin-1"))
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
