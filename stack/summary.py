"""What a person sees when the shop is up: what is where, and whom to be."""

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from stack.state import State


def print_summary(state: State, console: Console) -> None:
    """Print addresses, demo accounts and the next commands."""
    urls = state.data["urls"]
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]shop[/]", urls["url"], "landing page with curl lines")
    table.add_row("", f"{urls['url']}/api/v1/products/", "the shop's own URLs")
    table.add_row("", f"{urls['url']}/rest/v1/products", "PostgREST's grammar")
    table.add_row("", f"{urls['url']}/health/", "how every part is")
    if urls["mail_url"]:
        table.add_row("[bold]mail[/]", urls["mail_url"], "every mail the shop sends lands here")
    if urls["stripe_api_base"]:
        table.add_row("[bold]stripe[/]", urls["stripe_api_base"], "a twin, not Stripe: no real money")
    if state.data.get("demo"):
        from db.demo import ACCOUNTS

        for number, (email, password, role) in enumerate(ACCOUNTS):
            table.add_row("[bold]demo[/]" if not number else "", f"{email}", f"{password}  ({role})")
    option = f" --state {state.folder}" if state.folder.name != ".pgshop" else ""
    table.add_row("[bold]next[/]", f"pgshop status{option}", "also: logs, psql, user create, import products, down")
    console.print(Panel(table, title="pgshop is up", border_style="green", expand=False))
