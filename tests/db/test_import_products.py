"""`pgshop import products` on files as suppliers send them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.db.imports import Imported, counted, run, sku

__all__ = ["run", "sku"]


def product(database: psycopg.Connection[Any], sku: str) -> dict[str, Any] | None:
    return database.execute(
        """select p.*, s.on_hand, array(
            select m.reason from shop.stock_movements m where m.variant_id = v.id order by m.id
          ) as reasons
        from shop.products p join shop.product_variants v on v.product_id = p.id and v.is_default
        join shop.stock s on s.variant_id = v.id where lower(p.sku) = lower(%s)""",
        [sku],
    ).fetchone()


def test_products_are_created_then_unchanged_then_updated(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    text = f"sku,name,price,stock_quantity\n{sku}A,Blue Bowl,2.50,7\n{sku}B,Red Bowl,3,0\n"
    assert run(text).counts == counted(created=2)
    made = product(database, f"{sku}A")
    assert made and (str(made["price"]), made["on_hand"], made["reasons"]) == ("2.50", 7, ["initial"])
    assert made["slug"] == f"blue-bowl-{sku}a"
    assert run(text).counts == counted(unchanged=2)
    changed = run(text.replace("2.50,7", "2.75,99"))
    assert changed.counts == counted(updated=1, unchanged=1)
    assert not changed.report
    made = product(database, f"{sku}A")
    assert made and (str(made["price"]), made["on_hand"]) == ("2.75", 7), "stock is given to new products only"


def test_stock_is_corrected_only_when_asked_for(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    text = f"sku,name,price,stock_quantity\n{sku},Bowl,1,5\n"
    run(text)
    assert run(text.replace(",5", ",3"), "--correct-stock").counts == counted(updated=1)
    assert run(text.replace(",5", ",3"), "--correct-stock").counts == counted(unchanged=1)
    made = product(database, sku)
    assert made and (made["on_hand"], made["reasons"]) == (3, ["initial", "correction"])


def test_a_sku_is_one_product_whatever_its_case_and_its_first_line_counts(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    text = f"sku,name,price\n{sku}a,First,0\n{sku}a,First,1.10\n{sku}A,Second,2.20\n{sku}a,Third,3.30\n"
    for outcome in ("created", "unchanged"):
        # A batch a line: what was seen is known across transactions.
        assert run(text, "--batch", "1").counts == counted(**{outcome: 1}, repeated=2, rejected=1)
    made = product(database, f"{sku}A")
    assert made and (made["sku"], made["name"], str(made["price"])) == (f"{sku}a", "First", "1.10")


def test_every_bad_line_is_reported_and_none_takes_others_along(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    lines = {
        "sku,name,price,stock_quantity,slug": "",
        f"{sku}-1,Good,1,1,": "",
        f"{sku}-2,,1,1,": "empty name",
        f"{sku}-3,Bad,0,1,": "price is not positive",
        f"{sku}-4,Bad,-1,1,": "price is not positive",
        f"{sku}-5,Bad,1e3,1,": "price is not a number",
        f"{sku}-6,Bad,1.005,1,": "price has more than two decimals",
        f"{sku}-7,Bad,10000000000,1,": "price is too large",
        f"{sku}-8,Bad,1": "columns: 3 instead of 5",
        f'{sku}-9,"Bad,1,1,': "a quote does not close",
        f"{sku}-10,{'x' * 256},1,1,": "name is longer than 255 characters",
        f"{sku}-11,Bad,1,some,": "stock_quantity is not a whole number of at most 9 digits",
        # Only the database knows these, so they meet in one batch with good lines.
        f"{sku}-12,Bad,1,1,Not A Slug": "slug is no slug: lower case letters, digits, single hyphens",
        f"{sku}-13,Good,1,1,{sku}-x": "",
        f"{sku}-14,Bad,1,1,{sku}-x": "another product has this slug",
        ",Bad,1,1,": "empty sku",
        f'{sku}-15,6" Ruler,1,1,': "",
    }
    done = run("\n".join(lines))
    assert done.code == 0
    assert done.counts == counted(created=3, rejected=13)
    expected = [(str(n), "rejected", reason) for n, reason in enumerate(lines.values(), 1) if reason]
    assert [(row["line"], row["outcome"], row["reason"]) for row in done.report] == expected
    assert done.report[0]["text"] == f"{sku}-2,,1,1,"
    for number in (1, 13, 15):
        assert product(database, f"{sku}-{number}")
    assert product(database, f"{sku}-15")["name"] == '6" Ruler'  # type: ignore[index]


def test_a_line_that_was_quoted_as_a_whole_is_repaired_and_said_to_be(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    done = run(f'sku,name,price\n"{sku},""Sign, metal"",2.10"\n"{sku},too few"\n')
    assert done.counts == counted(created=1, rejected=1)
    assert [(row["line"], row["outcome"]) for row in done.report] == [("2", "repaired"), ("3", "rejected")]
    assert "1 were repaired" in done.said
    assert product(database, sku)["name"] == "Sign, metal"  # type: ignore[index]


def test_a_byte_order_mark_is_no_part_of_the_first_column(run: Callable[..., Imported], sku: str) -> None:
    assert run(f"\ufeffsku,name,price\r\n{sku},Bowl,1\r\n").counts == counted(created=1)


def test_bytes_that_are_no_utf8_cost_their_own_line_only(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    done = run(f"sku,name,price\n{sku}1,Caf\xe9,1\n{sku}2,Bowl,1\n{sku}3,Zero\0,1\n".encode("latin-1"))
    assert done.counts == counted(created=1, rejected=2)
    assert [row["reason"] for row in done.report] == ["invalid UTF-8", "a zero byte"]
    assert done.report[0]["text"] == rf"{sku}1,Caf\xe9,1"
    assert product(database, f"{sku}2")


def test_a_field_may_hold_line_breaks_and_an_overlong_line_is_refused(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    done = run(
        f'sku,name,price,description\n{sku}1,Bowl,1,"two\nlines"\n{sku}2,Bowl,1,{"x" * 600_000}\n{sku}3,Bowl,1,\n'
    )
    assert done.counts == counted(created=2, rejected=1)
    assert [(row["line"], row["reason"]) for row in done.report] == [("4", "too long a line")]
    assert product(database, f"{sku}1")["description"] == "two\nlines"  # type: ignore[index]


def test_columns_and_constants_and_a_pattern_come_from_options_or_a_file(
    run: Callable[..., Imported], sku: str, tmp_path: Path, database: psycopg.Connection[Any]
) -> None:
    text = f"Code;Text;Net\n{sku};Bowl;1.5\nPOSTAGE;Post;3\n"
    mapped = ("--map", "sku=Code", "--map", "name=Text", "--map", "price=Net", "--delimiter", ";")
    done = run(text, *mapped, "--set", "stock_quantity=9", "--sku-pattern", "[0-9a-f]{8}")
    assert done.counts == counted(created=1, rejected=1)
    assert done.report[0]["reason"] == "not a product (SKU pattern)"
    assert product(database, sku)["on_hand"] == 9  # type: ignore[index]
    toml = tmp_path / "mapping.toml"
    toml.write_text(
        'sku_pattern = "[0-9a-f]{8}"\n[map]\nsku = "Code"\nname = "Text"\nprice = "Net"\n[set]\nbrand = "X"\n'
    )
    assert run(text, "--mapping", str(toml), "--delimiter", ";").counts == counted(updated=1, rejected=1)
    assert product(database, sku)["brand"] == "X"  # type: ignore[index]


def test_a_category_is_found_by_slug_or_name_and_made_where_there_is_none(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    database.execute("insert into shop.categories (name, slug) values (%s, %s)", [f"Room {sku}", f"room-{sku}"])
    done = run(f"sku,name,price,category\n{sku}1,A,1,room-{sku}\n{sku}2,B,1,ROOM {sku}\n{sku}3,C,1,{sku} new\n")
    assert done.counts == counted(created=3)
    query = """select c.name, c.parent_id from shop.products p
        join shop.categories c on c.id = p.category_id where p.sku = %s"""
    for number, name in enumerate((f"Room {sku}", f"Room {sku}", f"{sku} new"), 1):
        assert database.execute(query, [f"{sku}{number}"]).fetchone() == {"name": name, "parent_id": None}


def test_a_deleted_product_is_not_changed_unseen(
    run: Callable[..., Imported], sku: str, database: psycopg.Connection[Any]
) -> None:
    run(f"sku,name,price\n{sku},Bowl,1\n")
    database.execute("delete from shop.products where sku = %s", [sku])
    done = run(f"sku,name,price\n{sku},Bowl,2\n")
    assert done.counts == counted(rejected=1)
    assert done.report[0]["reason"] == "this product was deleted"


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("sku,name\n1,Bowl\n", (), "Nothing says where price comes from"),
        ("sku,name,price\n1,Bowl,1\n", ("--map", "price=Net"), "There is no column 'Net' for price"),
        ("sku,sku,name,price\n1,1,Bowl,1\n", (), "There is more than one column 'sku'"),
        ("sku,name,price\n1,Bowl,1\n", ("--map", "colour=name"), "colour is no field of a product"),
        ("sku,name,price\n1,Bowl,1\n", ("--set", "stock_quantity=many"), "stock_quantity is not a whole number"),
        ("sku,name,price\n1,Bowl,1\n", ("--sku-pattern", "("), "The mapping cannot be read"),
        ("sku,name,price\n1,Bowl,1\n", ("--mapping", "nowhere.toml"), "The mapping cannot be read"),
        ("sku,name,price\n1,Bowl,1\n", ("--delimiter", "||"), "cannot be read"),
        ("", (), "it is empty"),
        (b"\xff\xfes\0k\0u\0", (), "invalid UTF-8"),
    ],
)
def test_what_cannot_be_read_at_all_is_told_in_a_line(
    run: Callable[..., Imported], content: str | bytes, options: tuple[str, ...], message: str
) -> None:
    done = run(content, *options)
    assert done.code == 1
    assert message in " ".join(done.said.split())
    assert "Traceback" not in done.said


def test_the_report_lies_where_it_can(run: Callable[..., Imported], sku: str, tmp_path: Path) -> None:
    text = f"sku,name,price\n{sku},Bowl,0\n"
    wanted = tmp_path / "elsewhere.csv"
    run(text, "--report", str(wanted))
    assert "price is not positive" in wanted.read_text()
    # A folder in its place is as bad as a disk that is read-only, also for root.
    (tmp_path / "sub" / "goods.rejected.csv").mkdir(parents=True)
    done = run(text, name="sub/goods.csv")
    assert done.code == 0
    assert "cannot be written" in done.said
    assert [row["reason"] for row in done.report] == ["price is not positive"]
