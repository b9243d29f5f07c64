"""What a person sees when the shop is up: what is where, and whom to be."""

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from stack.state import State


def print_summary(state: State, console: Console) -> None:
    """Print addresses, demo accounts and the next commands."""
    urls = state.data["urls"]
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]shop[/]", urls["url"])
    table.add_row("", "[dim]/api/v1/  /rest/v1/  /health/  /media/[/]")
    if urls["mail_url"]:
        table.add_row("[bold]mail[/]", f"{urls['mail_url']}  [dim]every mail lands here[/]")
    if urls["stripe_api_base"]:
        table.add_row("[bold]stripe[/]", f"{urls['stripe_api_base']}  [dim]a twin, not Stripe: no real money[/]")
    if state.data.get("demo"):
        from db.demo import accounts

        for number, (email, password, role) in enumerate(accounts()):
            table.add_row("[bold]demo[/]" if not number else "", f"{email}  {password}  [dim]{role}[/]")
    console.print(Panel(table, title="pgshop is up", border_style="green", expand=False))
    # Outside of the frame, which would break a long path; a terminal's selection should be a command that works.
    console.print(
        f"next: pgshop status{escape(state.option)}  [dim]also logs, psql, migrate, user, import, export, down[/]",
        soft_wrap=True,
    )
