"""Pages that are made of the code and the database; tests hold the committed ones equal to what is made here."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args

import psycopg
from psycopg.rows import dict_row
from pydantic_core import PydanticUndefined

from extensions.config import Settings
from handbook.licences import KNOWN, is_permissive, packages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MADE = "<!-- Made by handbook/reference.py; a test holds them equal. -->\n"
SUBJECTS = {
    "Catalogue": "categories products product_variants product_images reviews wishlist_items search_words",
    "Stock": "stock stock_movements reservations",
    "People": "customers addresses accounts sessions one_time_tokens second_factors recovery_codes",
    "Keys and limits": "api_keys signing_keys throttles",
    "Carts and discounts": "carts cart_items customer_prices promotions promotion_uses",
    "Orders": "orders order_items order_notes order_statuses order_transitions order_status_history",
    "Delivery and tax": "shipments shipment_items shipping_methods tax_rates",
    "Money": "payments payment_methods refunds disputes ledger_entries payment_events",
    "Running the shop": "settings outbox job_slots audit_log idempotency_keys",
}
# How each page begins.
SETTINGS = f"""{MADE}# Settings

Variables of the environment, or lines of a file `.env` in the folder where the shop is started. The environment goes
first, and what is empty counts as absent. None is needed to start in development.

"""
API = f"""{MADE}# API

Every operation, as in the [OpenAPI document](openapi.json) for all roles. A running shop serves it with every shape,
parameter and error at `/api/docs/` and `/api/redoc/`, as it is at that moment and, with `?role=`, for one role. Errors
stand in [a list of their own](errors.md).
"""
DECISIONS = f"""{MADE}# Decisions

What was decided otherwise than one would expect: context, decision, price.

"""
LICENCES = f"""{MADE}# Licences

pgshop is under the [MIT licence](../../LICENSE). This is what it stands on: every package in the locks of Python and
npm, what runs in a shop as well as what only tests, lint and documentation use. `make sbom` writes what ships as
CycloneDX, with versions and hashes. A test lets no package in whose licence asks for more than its notice, unless a
reason is given.

Some packages bring servers, which have licences of their own: PostgreSQL (PostgreSQL), Valkey (BSD-3-Clause), nginx
(BSD-2-Clause), PostgREST and MailDev (MIT), Node.js (MIT). The images of others that docker-compose.yml names hold the
same, on Debian or Alpine Linux, whose packages say theirs below `/usr/share/doc`.
"""
SCHEMA = f"""{MADE}# Schema

The tables of the schemas `shop` and `auth`, as the catalogue of a migrated database has them. Pictures show keys alone;
boxes without any belong to another subject. What clients see are the views of the schema `api`: [the API](api.md).
"""
# As large as it is, so that it scrolls on a phone.
NATURAL = '%%{init: {"er": {"useMaxWidth": false}}}%%'
TABLES = """
select c.oid, n.nspname as schema, c.relname as name, obj_description(c.oid, 'pg_class') as comment
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('shop', 'auth') and c.relkind = 'r'
"""
# What an API column of the same name means is said at the view.
COLUMNS = """
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required, coalesce(
  col_description(a.attrelid, a.attnum),
  (
    select col_description(v.attrelid, v.attnum) from pg_attribute v
    where v.attrelid = to_regclass('api.' || quote_ident(%(name)s)) and v.attname = a.attname
  ), ''
) as comment, exists (
  select from pg_index i where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any (i.indkey)
) as key, (
  select k.confrelid::regclass::text from pg_constraint k
  where k.conrelid = a.attrelid and k.contype = 'f' and a.attnum = any (k.conkey) order by cardinality(k.conkey) limit 1
) as refers
from pg_attribute a where a.attrelid = %(oid)s and a.attnum > 0 and not a.attisdropped order by a.attnum
"""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [[*head], ["---"] * len([*head]), *map(list, rows)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def command_line() -> str:
    """Every command with its options, by typer's own means."""
    command = [sys.executable, "-m", "typer", "stack.cli", "utils", "docs", "--name", "pgshop", "--title", "Commands"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    # What it cuts short stands in whole below.
    return MADE + re.sub(r"(?m)^(\* `[a-z]+`): .*", r"\1", said).strip() + "\n"


def shown(kind: Any) -> str:
    """The kind of a setting, as somebody who writes it into a file sees it."""
    inner = [part for part in get_args(kind) if part is not type(None)] if get_args(kind) else []
    if inner and all(isinstance(part, str) for part in inner):
        return " or ".join(f"`{part}`" for part in inner)
    if inner and getattr(kind, "__origin__", None) is not list:
        return shown(inner[0])
    plain = {"str": "text", "SecretStr": "secret", "int": "number", "float": "number", "bool": "`true` or `false`"}
    return plain.get(getattr(kind, "__name__", ""), "list with commas")


def settings() -> str:
    """Every setting: the same fields that .env.example is made of."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = None if field.default is PydanticUndefined else field.default
        told = "" if default in (None, []) else default if isinstance(default, str) else json.dumps(default)
        rows.append(
            [f"`{name.upper()}`", shown(field.annotation), f"`{told}`" if told else "", field.description or ""]
        )
    return SETTINGS + table(["variable", "kind", "default", "what it says"], rows)


def api() -> str:
    """Every operation of the committed document, by subject."""
    document = json.loads((DOCS / "reference/openapi.json").read_text())
    subjects: dict[str, list[list[str]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, what in operations.items():
            if method not in {"get", "post", "put", "patch", "delete"}:
                continue
            # None, or one of which is none: anybody.
            who = "" if {} in (what.get("security") or [{}]) else "signed in"
            subjects[what["tags"][0]].append([f"`{method.upper()}`", f"`{path}`", what.get("summary", ""), who])
    text = API
    for tag in document["tags"]:
        name = re.sub("^rest/(.*)", r"\1 under /rest/v1", tag["name"])
        text += f"\n## {name}\n\n{tag['description']}\n\n"
        text += table(["", "address", "what it does", "who"], subjects[tag["name"]])
    return text


def licences() -> str:
    """Every package with its licence; first those that need a reason, then the others by licence."""
    found = sorted(packages())
    reasons = [
        [f"`{p.name}`", p.licence, "shop" if p.ships else "tests", KNOWN["copyleft"].get(p.name, "")]
        for p in found
        if not is_permissive(p.licence)
    ]
    text = LICENCES + "\n## With conditions\n\n" + table(["package", "licence", "where", "why it may be here"], reasons)
    for title, ships in (("In a shop", True), ("In tests and documentation", False)):
        rows: dict[str, list[str]] = {}
        for package in found:
            if is_permissive(package.licence) and package.ships == ships:
                rows.setdefault(package.licence, []).append(f"`{package.name}`")
        listed = [[licence, ", ".join(names)] for licence, names in sorted(rows.items())]
        text += f"\n## {title}\n\n" + table(["licence", "packages"], listed)
    return text


def decisions() -> str:
    """The list of decisions."""
    rows = []
    for page in sorted((DOCS / "decisions").glob("0*.md")):
        number, title = re.match(r"# (\d+)\. (.*)\n", page.read_text()).groups()  # type: ignore[union-attr]
        rows.append(f"{number}. [{title}]({page.name})\n")
    return DECISIONS + "".join(rows)


def schema(database_url: str) -> str:
    """Every table with its columns, and a picture of each subject. The database has to be a migrated one."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        found = {row["name"]: row for row in connection.execute(TABLES)}
        for row in found.values():
            row["columns"] = connection.execute(COLUMNS, row).fetchall()
    text = SCHEMA
    for subject, names in SUBJECTS.items():
        tables = [found.pop(name) for name in names.split()]
        text += f"\n## {subject}\n\n```mermaid\n{NATURAL}\nerDiagram\n{''.join(map(drawn, tables))}```\n"
        for row in tables:
            text += f"\n### {row['schema']}.{row['name']}\n\n{row['comment'] or ''}\n\n" + table(
                ["column", "type", "", "what it is"],
                [[f"`{c['name']}`", c["type"], notes(c), c["comment"]] for c in row["columns"]],
            )
    if found:
        raise ValueError(f"give these tables a subject in handbook/reference.py: {', '.join(found)}")
    return text


def notes(column: dict[str, Any]) -> str:
    """What is to be known of a column at a glance."""
    refers = (column["refers"] or "").removeprefix("shop.")
    said = [
        "key" if column["key"] else "",
        f"→ {refers}" if refers else "",
        "" if column["required"] else "may be null",
    ]
    return ", ".join(filter(None, said))


def drawn(row: dict[str, Any]) -> str:
    """A table's box and its arrows, in Mermaid."""
    lines, arrows = [], []
    for column in row["columns"]:
        marks = ", ".join(filter(None, ["PK" if column["key"] else "", "FK" if column["refers"] else ""]))
        if marks:
            lines.append(f"    {re.split(r'[ (]', column['type'])[0]} {column['name']} {marks}\n")
        if column["refers"]:
            many = "||--o|" if column["key"] and sum(c["key"] for c in row["columns"]) == 1 else "||--o{"
            one = many if column["required"] else many.replace("||--", "|o--")
            arrows.append(f"  {column['refers'].rpartition('.')[2]} {one} {row['name']} : {column['name']}\n")
    box = f"  {row['name']} {{\n{''.join(lines)}  }}\n" if lines else f"  {row['name']}\n"
    return box + "".join(dict.fromkeys(arrows))


# Those that need no database.
PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": command_line,
    "reference/settings.md": settings,
    "reference/api.md": api,
    "reference/licences.md": licences,
    "decisions/index.md": decisions,
}
