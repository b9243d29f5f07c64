"""Replay a retailer's invoices through the public port: register, agree prices, fill the cart, order, pay, refund."""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import httpx
import stripe

from tests.conftest import Shop, pgshop
from tests.journeys.audit import Audit
from tests.journeys.invoices import FILE, SKU_PATTERN, Line, Plan, Return, Sale, make_plan
from tests.journeys.shopping import PASSWORD, Account, products_by_sku

# More than was sold of anything in the file, so that stock never ends the replay.
STOCK = 10_000


def import_products(shop: Shop, report: Path, file: Path = FILE) -> str:
    """Import every product of the file by the real command."""
    mapped = [word for pair in ("sku=StockCode", "name=Description", "price=UnitPrice") for word in ("--map", pair)]
    return pgshop(
        "import",
        "products",
        str(file),
        *mapped,
        "--set",
        f"stock_quantity={STOCK}",
        "--sku-pattern",
        SKU_PATTERN,
        "--report",
        str(report),
        "--state",
        str(shop.state),
    ).stdout


class Replay:
    """One replay on a running stack."""

    def __init__(self, shop: Shop, advance: Callable[[int], None] = lambda _: None) -> None:
        self.advance = advance
        # Addresses of their own, so that a stack may see several replays.
        self.run = secrets.token_hex(4)
        self.http = httpx.Client(base_url=shop.url, timeout=60, limits=httpx.Limits(max_connections=16))
        self.wire = stripe.HTTPXClient(timeout=30, allow_sync_methods=True)
        self.stripe = stripe.StripeClient(
            shop.status["stripe_secret_key"],
            http_client=self.wire,
            base_addresses={"api": shop.status["stripe_api_base"]},
        )
        email = f"staff-{self.run}@retail.example"
        account = ("--email", email, "--password", PASSWORD, "--role", "staff")
        pgshop("user", "create", *account, "--state", str(shop.state))
        self.staff = Account(self.http, email)
        self.products = products_by_sku(self.http)
        self.audit = Audit(shop)

    def go(self, lines: Sequence[Line], workers: int = 4) -> Plan:
        """Replay these lines, customers side by side, each one's invoices in order; then check the books."""
        plan = make_plan(list(lines), set(self.products))
        assert plan.sales, "nothing to replay"
        assert plan.returns, "no cancellation matches a sale"
        self.advance(plan.rejected.total())
        with closing(self.http), closing(self.wire), closing(self.audit.connection):
            self.audit.open()
            # Whoever buys most goes first, since they take longest.
            customers = sorted(plan.acts, key=lambda name: -sum(map(weight, plan.acts[name])))
            with ThreadPoolExecutor(workers) as pool:
                lives = [pool.submit(self.live, name, plan.acts[name]) for name in customers]
                try:
                    for life in as_completed(lives):
                        life.result()
                finally:
                    # After a failure nobody else need begin.
                    pool.shutdown(cancel_futures=True)
            self.audit.check(plan)
        return plan

    def live(self, customer: str, acts: list[Sale | Return]) -> None:
        """All that one customer does, from the registration on."""
        account = Account.register(self.http, f"customer-{customer}-{self.run}@retail.example")
        for act in acts:
            try:
                if isinstance(act, Sale):
                    self.sell(account, act)
                else:
                    self.take_back(act)
            except Exception as error:
                error.add_note(f"invoice {act.invoice if isinstance(act, Sale) else act.line.invoice} of {customer}")
                raise
            self.advance(weight(act))

    def sell(self, account: Account, sale: Sale) -> None:
        """An invoice becomes an order at its own prices, paid and confirmed."""
        prices = {sku: str(price) for sku, price in sale.prices.items()}
        self.staff.post("/rest/v1/rpc/set_customer_prices", {"customer_id": account.id, "prices": prices})
        for line in sale.lines:
            account.post("/api/v1/cart/items/", {"product_id": self.products[line.sku], "quantity": line.quantity})
        placed = account.check_out(f"{self.run}-{sale.invoice}")
        assert Decimal(placed["subtotal"]) == sale.subtotal, (placed["subtotal"], sale.subtotal)
        sale.order_id = placed["id"]
        account.pay(sale.order_id, self.stripe)
        account.await_status(sale.order_id, "confirmed")

    def take_back(self, back: Return) -> None:
        """A cancellation becomes a refund by staff, and the goods go back into stock."""
        items = [{"sku": back.line.sku, "quantity": -back.line.quantity}]
        body = {"order_id": back.sale.order_id, "items": items, "reason": f"Cancellation {back.line.invoice}"}
        self.staff.post("/rest/v1/rpc/refund_order", body)


def weight(act: Sale | Return) -> int:
    """How many lines of the file it is."""
    return len(act.lines) if isinstance(act, Sale) else 1
