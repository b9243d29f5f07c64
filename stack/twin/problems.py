"""Stripe's error bodies (https://docs.stripe.com/api/errors)."""

from typing import Any


class TwinError(Exception):
    """An error as Stripe words it. `fields` are added to the error object."""

    def __init__(self, status: int, kind: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **fields}}

    @property
    def is_about_parameters(self) -> bool:
        """Whether the request was refused before anything was looked at."""
        return str(self.body["error"].get("code", "")).startswith("parameter_")


def invalid(message: str, code: str, param: str | None = None, status: int = 400, **fields: Any) -> TwinError:
    """An invalid_request_error."""
    return TwinError(
        status, "invalid_request_error", message, code=code, **({"param": param} if param else {}), **fields
    )


def missing(kind: str, wanted: str) -> TwinError:
    """404 for an id that names nothing."""
    return invalid(f"No such {kind}: '{wanted}'", "resource_missing", kind, 404)
