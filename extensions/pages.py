"""The few pages that a person meets, self-contained: no script, style or picture from elsewhere."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from extensions.config import settings

PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined, autoescape=True
)
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)


def render(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from extensions/templates."""
    text = PAGES.get_template(template).render(shop_name=settings().shop_name, **values)
    return HTMLResponse(text, status, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


async def landing(request: Request) -> HTMLResponse:
    """What is where on this stack."""
    known: list[tuple[str, str, str]] = []
    if settings().demo:
        from db.demo import accounts  # noqa: PLC0415 only the demo shop has them

        known = [*accounts()]
    return render(
        "landing.html",
        url=settings().public_url,
        mail=settings().mail_web_url,
        is_twin=settings().stripe_api_base is not None,
        accounts=known,
    )
