"""Write and send the shop's mails. The id of the outbox row is the Message-ID, so a second copy can be known as one."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from extensions.config import settings
from workers.database import call


@lru_cache
def templates(kind: str) -> Environment:
    """Templates for `html` (escaped) or `txt`."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=kind == "html",  # noqa: S701 text is no HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )


def compose(row_id: str, template: str, subject: str, context: dict[str, Any]) -> EmailMessage:
    """A mail with a text and an HTML part."""
    values = {**context, "url": settings().public_url, "subject": subject}
    message = EmailMessage()
    message["Message-ID"] = f"<{row_id}@{urlsplit(settings().public_url).hostname}>"
    message["From"] = settings().mail_from
    message["To"] = context["to"]
    # A line break in a name must not become a header.
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(localtime())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(templates("txt").get_template(f"{template}.txt").render(values))
    message.add_alternative(templates("html").get_template(f"{template}.html").render(values), subtype="html")
    return message


def deliver(message: EmailMessage) -> None:
    """Hand a mail to the SMTP server. Raises OSError, smtplib.SMTPException."""
    secret = settings().smtp_url
    url = urlsplit(secret.get_secret_value() if secret else "")
    if url.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            url.hostname or "", url.port or 465, timeout=20, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(url.hostname or "", url.port or 25, timeout=20)
    with connection:
        if url.scheme == "smtp+starttls":
            connection.starttls(context=ssl.create_default_context())
        if url.username:
            connection.login(unquote(url.username), unquote(url.password or ""))
        connection.send_message(message)


def send(row_id: str, topic: str, payload: dict[str, Any], template: str, subject: str, **more: Any) -> None:
    """Send what a topic has to say, if there is anybody to say it to."""
    context = call("mail_for", topic=topic, payload=payload)
    if context is not None:
        number = (context["order"] or {}).get("order_number", "")
        deliver(
            compose(row_id, template, subject.format(shop=context["shop_name"], number=number), {**context, **more})
        )


def address_taken(row_id: str, payload: dict[str, Any]) -> None:
    """Somebody tried to register an address that has an account: its owner should know."""
    send(row_id, "customer.address_taken", payload, "address_taken", "You have an account at {shop} already")


def order_confirmed(row_id: str, payload: dict[str, Any]) -> None:
    """The receipt."""
    send(row_id, "order.confirmed", payload, "order_confirmed", "Your order {number} is confirmed")


def order_awaits_transfer(row_id: str, payload: dict[str, Any]) -> None:
    """Where the money is to go, how much, and under which reference."""
    send(row_id, "order.awaits_transfer", payload, "order_awaits_transfer", "How to pay your order {number}")


def order_shipped(row_id: str, payload: dict[str, Any]) -> None:
    """It is on its way, and how to follow it."""
    send(row_id, "order.shipped", payload, "order_shipped", "Your order {number} is on its way")


def order_delivered(row_id: str, payload: dict[str, Any]) -> None:
    """It has arrived."""
    send(row_id, "order.delivered", payload, "order_delivered", "Your order {number} is delivered")


def order_cancelled(row_id: str, payload: dict[str, Any]) -> None:
    """The order will not come."""
    send(row_id, "order.cancelled", payload, "order_cancelled", "Your order {number} is cancelled")


def order_refunded(row_id: str, payload: dict[str, Any]) -> None:
    """Money is on its way back."""
    send(row_id, "order.refunded", payload, "order_refunded", "Refund for your order {number}")


def stock_low(row_id: str, payload: dict[str, Any]) -> None:
    """For staff: what to order anew."""
    send(row_id, "stock.low", payload, "stock_low", "What runs low at {shop}")


def payment_alert(row_id: str, payload: dict[str, Any]) -> None:
    """For admins: a dispute, or news of Stripe that fits no order."""
    send(row_id, "payment.alert", payload, "payment_alert", "A payment at {shop} wants you", alert=payload["text"])
