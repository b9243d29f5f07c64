"""Read Stripe's form bodies: nested brackets, and no parameter that is not known."""

import re
from typing import Any
from urllib.parse import parse_qsl

from stack.twin.problems import invalid

KEY = re.compile(r"^([a-z_]+)((?:\[[^\[\]]*\])*)$")
CURRENCIES = frozenset(
    # One string reads better than thirty.
    "aud bgn brl cad chf czk dkk eur gbp hkd huf ils inr mxn myr nok nzd php pln ron sek sgd thb try usd zar".split()  # noqa: SIM905
)
LEAST = {"gbp": 30, "usd": 50, "eur": 50}
MOST = 99_999_999
# Parameters with brackets; all others are plain.
NESTED = frozenset(
    {
        "automatic_payment_methods",
        "billing_details",
        "card",
        "created",
        "evidence",
        "expand",
        "metadata",
        "payment_method_types",
        "shipping",
        "types",
    }
)


def parse(encoded: str, allowed: set[str]) -> dict[str, Any]:
    """The parameters of a body or query as nested dicts and lists. Raises TwinError 400 for unknown ones."""
    result: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        match = KEY.match(name)
        if match is None or match[1] not in allowed:
            raise invalid(f"Received unknown parameter: {name[:100]}", "parameter_unknown", name[:100])
        # An empty value empties metadata; a moment needs no brackets.
        is_plain = match[1] == "created" or (match[1], value) == ("metadata", "")
        if bool(match[2]) != (match[1] in NESTED) and (match[2] or not is_plain):
            raise invalid(
                f"Invalid {'string' if match[2] else 'object'}: {name[:100]}", "parameter_invalid", name[:100]
            )
        path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        target: dict[str, Any] = result
        for step in path[:-1]:
            target = target.setdefault(step, {})
            if not isinstance(target, dict):
                raise invalid(f"Invalid parameter: {name[:100]}", "parameter_invalid", name[:100])
        key = path[-1] or str(len(target))
        target[key] = value
    return result


def integer(form: dict[str, Any], name: str, *, least: int = 0, default: int | None = None) -> int:
    """An integer parameter. Raises TwinError 400."""
    if name not in form:
        if default is None:
            raise invalid(f"Missing required param: {name}.", "parameter_missing", name)
        return default
    if not re.fullmatch(r"[0-9]{1,15}", str(form[name])):
        raise invalid(f"Invalid integer: {str(form[name])[:50]}", "parameter_invalid_integer", name)
    number = int(form[name])
    if number < least:
        raise invalid(f"This value must be greater than or equal to {least}.", "parameter_invalid_integer", name)
    return number


def currency(form: dict[str, Any]) -> str:
    """The currency parameter. Raises TwinError 400."""
    given = str(form.get("currency", ""))
    if not given:
        raise invalid("Missing required param: currency.", "parameter_missing", "currency")
    if given not in CURRENCIES:
        raise invalid(f"Invalid currency: {given[:20]}.", "parameter_invalid_string_empty", "currency")
    return given


def amount(form: dict[str, Any], in_currency: str) -> int:
    """The amount in minor units, not below Stripe's minimum for the currency. Raises TwinError 400."""
    given = integer(form, "amount")
    if given < LEAST.get(in_currency, 30):
        raise invalid("Amount must be at least the minimum charge amount.", "amount_too_small", "amount")
    if given > MOST:
        raise invalid("Amount must be no more than 999,999.99.", "amount_too_large", "amount")
    return given


def boolean(form: dict[str, Any], name: str) -> bool:
    """A boolean parameter, false by default."""
    return str(form.get(name, "false")).lower() == "true"


def metadata(form: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
    """Known metadata with what is given laid over it; an empty value removes a key."""
    given = form.get("metadata", {})
    if given == "":
        return {}
    for key, value in given.items():
        if len(key) > 40 or not isinstance(value, str) or len(value) > 500:
            raise invalid(
                "Metadata has keys of at most 40 and values of at most 500 characters.",
                "parameter_invalid",
                f"metadata[{key}]",
            )
    merged = {key: value for key, value in {**known, **given}.items() if value != ""}
    if len(merged) > 50:
        raise invalid("Metadata has at most 50 keys.", "parameter_invalid", "metadata")
    return merged


def interval(form: dict[str, Any], name: str) -> tuple[int, int]:
    """The first and the last second that a parameter of time allows. Raises TwinError 400."""
    given = form.get(name, {})
    if not isinstance(given, dict):
        moment = integer(form, name)
        return moment, moment
    first = max(integer(given, "gte", default=0), integer(given, "gt", default=-1) + 1)
    last = min(integer(given, "lte", default=2**53), integer(given, "lt", default=2**53 + 1) - 1)
    return first, last
