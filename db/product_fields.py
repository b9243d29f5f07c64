"""Which column of a file means what, and how its text becomes a field of a product."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from stack.errors import StackError

REQUIRED = ("sku", "name", "price")
LARGEST = 9  # digits before the point, as everywhere in the shop


class RejectedError(Exception):
    """A line that is no product, with the reason for a person."""


def text(longest: int) -> Callable[[str, str], str]:
    """A parser of text of at most so many characters."""

    def parse(name: str, value: str) -> str:
        if len(value) > longest:
            raise RejectedError(f"{name} is longer than {longest} characters")
        return value

    return parse


def money(name: str, value: str) -> str:
    """An amount as the database reads it."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", value):
        raise RejectedError(f"{name} is not a number")
    whole, _, cents = value.partition(".")
    if len(whole.lstrip("0")) > LARGEST:
        raise RejectedError(f"{name} is too large")
    if len(cents.rstrip("0")) > 2:
        raise RejectedError(f"{name} has more than two decimals")
    if whole.startswith("-") and value.strip("-0."):
        raise RejectedError(f"{name} is not positive" if name == "price" else f"{name} is negative")
    if name == "price" and not value.strip("-0."):
        raise RejectedError("price is not positive")
    return value.lstrip("-").rstrip(".")


def whole_number(name: str, value: str) -> int:
    """A quantity."""
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise RejectedError(f"{name} is not a whole number of at most {LARGEST} digits")
    return int(value)


def truth(name: str, value: str) -> bool:
    """Yes or no, as spreadsheets write it."""
    if value.lower() not in {"true", "yes", "1", "false", "no", "0"}:
        raise RejectedError(f"{name} is neither true nor false")
    return value.lower() in {"true", "yes", "1"}


FIELDS: dict[str, Callable[[str, str], object]] = {
    "sku": text(100),
    "name": text(255),
    "slug": text(255),
    "description": text(100_000),
    "category": text(255),
    "brand": text(255),
    "price": money,
    "compare_price": money,
    "cost_price": money,
    "stock_quantity": whole_number,
    "is_featured": truth,
    "is_active": truth,
}


class Mapping:
    """How records become fields: columns, constants, and what counts as a SKU."""

    def __init__(self, columns: list[str], constants: list[str], sku_pattern: str | None, file: Path | None) -> None:
        """Take `field=column` and `field=value`, and a TOML file that they go before. Raises StackError."""
        try:
            given = tomllib.loads(file.read_text()) if file else {}
            self.sku_pattern = re.compile(sku_pattern or str(given.get("sku_pattern", ".+")))
        except (OSError, ValueError, re.error) as error:
            raise StackError(f"The mapping cannot be read: {error}", "See `pgshop import products --help`.") from None
        self.columns = pairs(given.get("map", {}), columns, "--map")
        self.constants = pairs(given.get("set", {}), constants, "--set")
        self.indices: dict[str, int] = {}
        try:
            self.constant_fields = {name: FIELDS[name](name, value) for name, value in self.constants.items()}
        except RejectedError as reason:
            raise StackError(f"--set: {reason}.") from None

    def read_header(self, header: list[str]) -> None:
        """Find each field's column; a column with a field's own name needs no mapping. Raises StackError."""
        names = [name.strip() for name in header]
        own = {name: name for name in FIELDS if name in names and name not in self.constants}
        for name, column in {**own, **self.columns}.items():
            if names.count(column) != 1:
                times = "no column" if column not in names else "more than one column"
                raise StackError(f"There is {times} {column!r} for {name}.", f"The file has: {', '.join(names)}.")
            self.indices[name] = names.index(column)
        missing = [name for name in REQUIRED if name not in self.indices and name not in self.constants]
        if missing:
            hint = f"Say `--map {missing[0]}=COLUMN`; the file has: {', '.join(names)}."
            raise StackError(f"Nothing says where {', '.join(missing)} comes from.", hint)

    def fields_of(self, cells: list[str]) -> dict[str, object]:
        """A product's fields; an empty cell says nothing. Raises RejectedError."""
        plain = {name: cells[index].strip() for name, index in self.indices.items()}
        fields = dict(self.constant_fields)
        for name in REQUIRED:
            if not plain.get(name, "x"):
                raise RejectedError(f"empty {name}")
            if name == "sku" and not self.sku_pattern.fullmatch(plain.get(name, "")):
                raise RejectedError("not a product (SKU pattern)")
        return fields | {name: FIELDS[name](name, value) for name, value in plain.items() if value}


def pairs(given: object, options: list[str], option: str) -> dict[str, str]:
    """`field=text` options over a table of a TOML file. Raises StackError for what is no field."""
    found = {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    for entry in options:
        name, sign, value = entry.partition("=")
        if not (sign and value):
            raise StackError(f"{option} {entry}: write field=value.")
        found[name.strip()] = value.strip()
    unknown = [name for name in found if name not in FIELDS]
    if unknown:
        raise StackError(f"{option}: {', '.join(unknown)} is no field of a product.", f"Fields: {', '.join(FIELDS)}.")
    return found
