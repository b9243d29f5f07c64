"""Faults on demand, and a log of what was asked: how tests make this Stripe as bad as a real one can be."""

import asyncio
import socket
import struct
from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stack.twin.problems import TwinError, invalid

REFUSALS = {
    "409": TwinError(
        409,
        "idempotency_error",
        "There is currently another in-progress request using this Idempotency-Key.",
        code="idempotency_key_in_use",
    ),
    "429": TwinError(429, "invalid_request_error", "Request rate limit exceeded.", code="rate_limit"),
    "500": TwinError(500, "api_error", "An unknown error occurred."),
    "503": TwinError(503, "api_error", "The service is unavailable."),
}
TO_REQUESTS = {*REFUSALS, "timeout", "reset"}
TO_EVENTS = {"drop", "duplicate", "delay", "reorder"}
LONGEST = 10_000


@dataclass
class Fault:
    """What goes wrong, with requests like `POST /v1/refunds` or events like `charge.*`, how often, and for how long.

    With `after`, a request has its effect, and only the answer is lost. A 500 comes from within: as at Stripe, it is
    what is kept for the request's idempotency key, whatever has become of the effect. The others come from around it.
    """

    on: str
    how: str
    times: int = 1
    seconds: float = 0
    after: bool = False

    @property
    def is_within(self) -> bool:
        """Whether it is an answer of the act itself."""
        return self.how == "500"

    async def answer(self, request: Request) -> Response:
        """The refusal; or silence, and a connection that breaks."""
        if self.how in REFUSALS:
            return JSONResponse(REFUSALS[self.how].body, REFUSALS[self.how].status)
        if self.how == "timeout":
            await asyncio.sleep(self.seconds)
        request.scope["reset"]()
        return Response()


@dataclass
class Faults:
    """Those that wait for their moment. A restart forgets them, and the log."""

    waiting: list[Fault] = field(default_factory=list)
    # Seconds between attempts to deliver an event, instead of Stripe's; after the last one it is given up.
    retries: list[float] | None = None
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LONGEST))

    def take(self, subject: str, hows: set[str]) -> Fault | None:
        """The first that is meant for this, which is then used up by one."""
        for fault in self.waiting:
            if fault.times > 0 and fault.how in hows and fnmatchcase(subject, fault.on):
                fault.times -= 1
                return fault
        return None

    def add(self, given: dict[str, Any]) -> None:
        """One more. Raises TwinError 400."""
        try:
            fault = Fault(**given)
        except TypeError as error:
            raise invalid(str(error), "parameter_unknown") from None
        if fault.how not in TO_REQUESTS | TO_EVENTS:
            raise invalid(f"how is one of {sorted(TO_REQUESTS | TO_EVENTS)}.", "parameter_invalid", "how")
        self.waiting.append(fault)


class Resettable(HttpToolsProtocol):
    """uvicorn's protocol, whose connection the application can break: the client gets a reset instead of an answer."""

    def on_message_begin(self) -> None:
        """Lay the way to break it beside what ASGI tells of a request."""
        super().on_message_begin()
        self.scope["reset"] = self.reset  # type: ignore[typeddict-unknown-key]

    def reset(self) -> None:
        """End the connection at once, without a farewell (RST)."""
        found: socket.socket = self.transport.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
