"""Mails as the catcher has them."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import httpx

from tests.conftest import Shop, eventually

NASTY = "<script>alert('x')</script> & \"Söhne\" {{ 7 * 7 }} %s"


def mail(shop: Shop, to: str, word: str) -> dict[str, Any]:
    """The one mail for an address whose subject has this word."""
    found = eventually(lambda: [m for m in shop.mails(to) if word in m["subject"]], what=f"{word} for {to}")
    assert len(found) == 1
    return dict(found[0])


def source(shop: Shop, letter: dict[str, Any]) -> EmailMessage:
    """The mail as it went over the wire."""
    raw = httpx.get(f"{shop.status['mail_url']}/api/email/{letter['id']}/source", timeout=30).content
    return email.message_from_bytes(raw, policy=email.policy.default)
