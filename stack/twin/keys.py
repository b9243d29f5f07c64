"""Who may ask: the holder of the API key."""

import base64
import hmac
from contextlib import suppress

from starlette.requests import Request

from stack.twin.problems import TwinError


def check_key(request: Request, key: str) -> None:
    """The API key, as bearer token or as user name. Raises TwinError 401."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        with suppress(ValueError):
            given = base64.b64decode(given + "==").decode(errors="replace").partition(":")[0]
    if not hmac.compare_digest(given.encode(), key.encode()):
        raise TwinError(401, "invalid_request_error", "Invalid API Key provided.")
