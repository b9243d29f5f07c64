"""Read a retailer's order lines, clean them, and plan which orders and refunds they are."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path

from db.csv_records import read_records

FILE = Path(__file__).parents[3] / "shared" / "data" / "online_retail.csv"
SKU_PATTERN = r"\d{5}[A-Za-z]{0,2}"
HOUSE = "house"


@dataclass(frozen=True)
class Line:
    """One line of the file; what could not be read has a fault."""

    number: int
    invoice: str = ""
    sku: str = ""
    quantity: int = 0
    price: Decimal = Decimal(0)
    customer: str = HOUSE
    fault: str = ""

    @property
    def is_cancellation(self) -> bool:
        return self.invoice.startswith("C")


@dataclass
class Sale:
    """An invoice that becomes an order: how many of which SKU, at which price."""

    invoice: str
    customer: str
    lines: list[Line] = field(default_factory=list)
    quantities: Counter[str] = field(default_factory=Counter)
    prices: dict[str, Decimal] = field(default_factory=dict)
    order_id: str = ""

    @property
    def subtotal(self) -> Decimal:
        return sum((line.quantity * line.price for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class Return:
    """A cancellation line and the sale that it takes back in part."""

    line: Line
    sale: Sale


@dataclass
class Plan:
    """What is to be done, customer by customer in the file's order, and which lines are left out for which reason."""

    lines_in: int
    acts: dict[str, list[Sale | Return]]
    rejected: Counter[str]

    @property
    def sales(self) -> list[Sale]:
        return [act for acts in self.acts.values() for act in acts if isinstance(act, Sale)]

    @property
    def returns(self) -> list[Return]:
        return [act for acts in self.acts.values() for act in acts if isinstance(act, Return)]


def read_lines(path: Path = FILE) -> list[Line]:
    """Every line of the file; those that are one quoted field are repaired, as the importer does."""
    with path.open("rb") as file:
        records = read_records(file)
        names = next(records).cells
        lines = []
        for record in records:
            cells = dict(zip(names, record.cells, strict=False))
            try:
                lines.append(
                    Line(
                        record.number,
                        cells["InvoiceNo"],
                        cells["StockCode"].upper(),
                        int(cells["Quantity"]),
                        Decimal(cells["UnitPrice"]),
                        cells["CustomerID"].removesuffix(".0") or HOUSE,
                        record.fault,
                    )
                )
            except (KeyError, ValueError, ArithmeticError):
                lines.append(Line(record.number, fault=record.fault or "unreadable"))
        return lines


def make_plan(lines: list[Line], skus: set[str]) -> Plan:
    """Plan orders for lines whose SKU (in upper case) is in the shop."""
    plan = Plan(len(lines), defaultdict(list), Counter())
    sales: dict[str, Sale] = {}
    for line in lines:
        reason = why_rejected(line, skus)
        if not reason and line.is_cancellation:
            reason = plan_return(plan, line)
        elif not reason:
            sale = sales.get(line.invoice)
            if sale is None:
                sale = sales[line.invoice] = Sale(line.invoice, line.customer)
                plan.acts[line.customer].append(sale)
            reason = add(sale, line)
        if reason:
            plan.rejected[reason] += 1
    return plan


def why_rejected(line: Line, skus: set[str]) -> str:
    """What is wrong with a line by itself, nothing if it is sound."""
    kind = "cancellation: " if line.is_cancellation else ""
    if line.fault:
        return line.fault
    if not re.fullmatch(SKU_PATTERN, line.sku):
        return f"{kind}not a product"
    if line.price <= 0:
        return f"{kind}price not positive" + (", quantity negative" if line.quantity < 0 else "")
    if line.sku not in skus:
        return f"{kind}not in the shop"
    if (line.quantity < 0) != line.is_cancellation or line.quantity == 0:
        return f"{kind}sign of the quantity"
    return ""


def add(sale: Sale, line: Line) -> str:
    """Add a line to its order; a product has one price in an order, the first, and other lines of it are rejected."""
    if sale.prices.setdefault(line.sku, line.price) != line.price:
        return "product at a second price in one invoice"
    sale.lines.append(line)
    sale.quantities[line.sku] += line.quantity
    return ""


def plan_return(plan: Plan, line: Line) -> str:
    """Match a cancellation with a sale, by this rule: the latest earlier invoice of the same customer that names the
    same SKU at the same price, and of which at least as many are left after the cancellations before this one.
    """
    earlier = [
        act
        for act in reversed(plan.acts.get(line.customer, []))
        if isinstance(act, Sale) and act.prices.get(line.sku) == line.price
    ]
    for sale in earlier:
        returned = sum(
            -act.line.quantity
            for act in plan.acts[line.customer]
            if isinstance(act, Return) and act.sale is sale and act.line.sku == line.sku
        )
        if sale.quantities[line.sku] - returned >= -line.quantity:
            plan.acts[line.customer].append(Return(line, sale))
            return ""
    return "cancellation: more than is left of the sale" if earlier else "cancellation: no earlier sale matches"


def choose_slice(lines: list[Line], size: int) -> list[Line]:
    """The lines of `size` invoices: the largest, the largest with a customer, one with a product twice at one price and
    one at two, a small one without customer, some of each dirt, all matched cancellations with their sales, and then
    the first ones.
    """
    by_invoice: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_invoice[line.invoice].append(line)
    plan = make_plan(lines, {line.sku for line in lines})
    named = {sale.invoice: sale for sale in plan.sales if sale.customer != HOUSE}
    wanted = {
        max(by_invoice, key=lambda invoice: len(by_invoice[invoice])),
        max(named, key=lambda invoice: len(by_invoice[invoice])),
        next(sale.invoice for sale in named.values() if len(sale.lines) > len(sale.quantities)),
        next(sale.invoice for sale in plan.sales if sale.customer == HOUSE and len(sale.lines) < 20),
        next(line.invoice for line in lines if line.price == 0),
        next(line.invoice for line in lines if line.quantity < 0 and not line.is_cancellation),
    }
    two_prices = [sale.invoice for sale in plan.sales if has_two_prices(sale, by_invoice[sale.invoice])]
    if not wanted & set(two_prices):
        wanted.add(two_prices[0])
    wanted |= {invoice for back in plan.returns for invoice in (back.sale.invoice, back.line.invoice)}
    small = (invoice for invoice in by_invoice if len(by_invoice[invoice]) < 100 and invoice not in wanted)
    wanted.update(islice(small, max(0, size - len(wanted))))
    return [line for line in lines if line.invoice in wanted]


def has_two_prices(sale: Sale, lines: list[Line]) -> bool:
    """Whether the invoice names a product at more than one price."""
    return any(line.price != sale.prices[line.sku] for line in lines if line.price > 0 and line.sku in sale.prices)
