"""Which column of a file means what, and how its text becomes a field of a product."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from db.csv_records import unguarded
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


def amount(name: str, value: str, decimals: int = 2) -> str:
    """An amount that may be below zero."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", value):
        raise RejectedError(f"{name} is not a number")
    whole, _, rest = value.partition(".")
    if len(whole.lstrip("-0")) > LARGEST:
        raise RejectedError(f"{name} is too large")
    if len(rest.rstrip("0")) > decimals:
        raise RejectedError(f"{name} has more than {'two' if decimals == 2 else 'three'} decimals")
    return value.rstrip(".")


def measure(decimals: int) -> Callable[[str, str], str]:
    """A parser of what is measured: above zero, with so many decimals."""

    def parse(name: str, value: str) -> str:
        if amount(name, value, decimals).startswith("-") or not value.strip("0."):
            raise RejectedError(f"{name} is not positive")
        return value.rstrip(".")

    return parse


def money(name: str, value: str) -> str:
    """An amount as the database reads it."""
    value = amount(name, value)
    if value.startswith("-") and value.strip("-0."):
        raise RejectedError(f"{name} is not positive" if name == "price" else f"{name} is negative")
    return value.lstrip("-")


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
    "category": text(5_000),
    "brand": text(255),
    "price": money,
    "compare_price": money,
    "cost_price": money,
    "stock_quantity": whole_number,
    "is_featured": truth,
    "is_active": truth,
    "barcode": text(100),
    "weight": measure(3),
    "length": measure(2),
    "width": measure(2),
    "height": measure(2),
    "low_stock_threshold": whole_number,
    "meta_title": text(255),
    "meta_description": text(1_000),
    "variant_sku": text(100),
    "variant_name": text(255),
    "price_modifier": amount,
    "variant_price": money,
    "variant_is_active": truth,
    "image": text(1_000),
    "image_alt": text(255),
    "image_is_primary": truth,
    "image_order": whole_number,
}
# What makes a line more than its product: it may leave name and price to the product's first line.
PARTS = ("variant_sku", "image")
# What a variant is chosen by: option1_name is Colour, say, and option1_value Red; as many as there are columns for.
OPTION = re.compile(r"option([0-9]{1,3})_(name|value)")


def parser_of(name: str) -> Callable[[str, str], object] | None:
    """How the text of a field is read; None when there is no such field."""
    return text(255) if OPTION.fullmatch(name) else FIELDS.get(name)


class Mapping:
    """How records become fields: columns, constants, and what counts as a SKU."""

    def __init__(
        self,
        columns: list[str],
        constants: list[str],
        sku_pattern: str | None,
        file: Path | None,
        allow_free: bool = False,
    ) -> None:
        """Take `field=column` and `field=value`, and a TOML file that they go before. Raises StackError."""
        self.allow_free = allow_free
        # Of the product that was read last: other shops write the names of options on its first line only.
        self.option_names: tuple[str, dict[str, object]] = ("", {})
        try:
            given = tomllib.loads(file.read_text()) if file else {}
            self.sku_pattern = re.compile(sku_pattern or str(given.get("sku_pattern", ".+")))
        except (OSError, ValueError, re.error) as error:
            raise StackError(f"The mapping cannot be read: {error}", "See `pgshop import products --help`.") from None
        self.columns = pairs(given.get("map", {}), columns, "--map")
        self.constants = pairs(given.get("set", {}), constants, "--set")
        self.indices: dict[str, int] = {}
        try:
            self.constant_fields = read(self.constants)
        except RejectedError as reason:
            raise StackError(f"--set: {reason}.") from None

    def read_header(self, header: list[str]) -> None:
        """Find each field's column; a column with a field's own name needs no mapping. Raises StackError."""
        names = [name.strip() for name in header]
        own = {name: name for name in names if parser_of(name) and name not in self.constants}
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
        plain = {name: unguarded(cells[index].strip()) for name, index in self.indices.items()}
        is_part = any(plain.get(name) or name in self.constants for name in PARTS)
        for name in REQUIRED:
            if not plain.get(name, "x") and (name == "sku" or not is_part):
                raise RejectedError(f"empty {name}")
            if name == "sku" and not self.sku_pattern.fullmatch(plain.get(name, "")):
                raise RejectedError("not a product (SKU pattern)")
        fields = self.constant_fields | read({name: value for name, value in plain.items() if value})
        if not self.allow_free and not str(fields.get("price", 1)).strip("0."):
            raise RejectedError("price is not positive")
        return self.with_attributes(fields) if "variant_sku" in fields else fields

    def with_attributes(self, fields: dict[str, object]) -> dict[str, object]:
        """Pairs of option columns as the attributes of a variant, and what it is called if it has no name."""
        sku = str(fields["sku"]).lower()
        named = {name: value for name, value in fields.items() if OPTION.fullmatch(name) and name.endswith("_name")}
        if self.option_names[0] == sku:
            named = self.option_names[1] | named
        self.option_names = (sku, named)
        numbers = sorted(int(found[1]) for name in fields if (found := OPTION.fullmatch(name)) and found[2] == "value")
        if any(f"option{number}_name" not in named for number in numbers):
            raise RejectedError("an option has a value and no name")
        attributes = {str(named[f"option{number}_name"]): str(fields[f"option{number}_value"]) for number in numbers}
        if not attributes:
            return fields
        return {**fields, "attributes": attributes, "choice": " / ".join(attributes.values())[:255]}


def read(plain: dict[str, str]) -> dict[str, object]:
    """Texts as values of fields. Raises RejectedError."""
    return {name: parse(name, value) for name, value in plain.items() if (parse := parser_of(name))}


def pairs(given: object, options: list[str], option: str) -> dict[str, str]:
    """`field=text` options over a table of a TOML file. Raises StackError for what is no field."""
    found = {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    for entry in options:
        name, sign, value = entry.partition("=")
        if not (sign and value):
            raise StackError(f"{option} {entry}: write field=value.")
        found[name.strip()] = value.strip()
    unknown = [name for name in found if not parser_of(name)]
    if unknown:
        hint = f"Fields: {', '.join(FIELDS)}, option1_name, option1_value and so on."
        raise StackError(f"{option}: {', '.join(unknown)} is no field of a product.", hint)
    return found
