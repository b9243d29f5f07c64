"""Write and send the shop's mails. The id of the outbox row is the Message-ID, so a second copy can be known as one."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from extensions.config import settings
from workers.database import call

# Topics whose only effect is a mail. What it says is templates/<topic, with _ for the dot>.txt and .html; both get what
# logic.mail_for tells, and the row's payload, which the subject may name as well.
SUBJECTS = {
    "customer.address_taken": "You have an account at {shop} already",
    # To the old address: is it you who wants another one?
    "account.change_notice": "Your address at {shop} is about to change",
    # To the owner, since it may have been somebody else; the second factor is switched on or off, or has new codes.
    "account.password_changed": "Your password at {shop} was changed",
    "account.second_factor": "The second factor of your account at {shop}",
    "order.awaits_transfer": "How to pay your order {number}",
    "order.confirmed": "Your order {number} is confirmed",
    "order.shipped": "Your order {number} is on its way",
    "order.delivered": "Your order {number} is delivered",
    "order.cancelled": "Your order {number} is cancelled",
    "order.refunded": "Refund for your order {number}",
    # For staff: what to order anew.
    "stock.low": "What runs low at {shop}",
    # For admins: a dispute, or news of Stripe that fits no order.
    "payment.alert": "A payment at {shop} wants you",
}


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


def connect() -> smtplib.SMTP:
    """The SMTP server, signed in where its URL has somebody. Raises OSError, smtplib.SMTPException."""
    secret = settings().smtp_url
    url = urlsplit(secret.get_secret_value() if secret else "")
    if url.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            url.hostname or "", url.port or 465, timeout=20, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(url.hostname or "", url.port or 25, timeout=20)
    if url.scheme == "smtp+starttls":
        connection.starttls(context=ssl.create_default_context())
    if url.username:
        connection.login(unquote(url.username), unquote(url.password or ""))
    return connection


def deliver(message: EmailMessage) -> None:
    """Hand a mail to the SMTP server. Raises OSError, smtplib.SMTPException."""
    with connect() as connection:
        connection.send_message(message)


def send(row_id: str, topic: str, payload: dict[str, Any], template: str, subject: str, **more: Any) -> None:
    """Send what a topic has to say, if there is anybody to say it to."""
    context = call("mail_for", topic=topic, payload=payload)
    if context is not None:
        number = (context["order"] or {}).get("order_number", "")
        title = subject.format_map({**payload, "shop": context["shop_name"], "number": number})
        deliver(compose(row_id, template, title, {**context, "payload": payload, **more}))


def plain(topic: str) -> Callable[[str, dict[str, Any]], None]:
    """The handler of a topic of SUBJECTS."""

    def handle(row_id: str, payload: dict[str, Any]) -> None:
        send(row_id, topic, payload, topic.replace(".", "_"), SUBJECTS[topic])

    return handle
