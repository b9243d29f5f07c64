"""Mails with links. A link carries a token of which only the hash is stored."""

import hashlib
import secrets
from typing import Any

from workers.database import call
from workers.mail import send


def send_link(row_id: str, payload: dict[str, Any], purpose: str, template: str, subject: str) -> None:
    """Send a link for `purpose`, if the account is there and has use for one."""
    token = secrets.token_urlsafe(32)
    digest = hashlib.sha256(token.encode()).digest()
    receiver = call("issue_token", customer_id=payload["customer_id"], purpose=purpose, token_hash=digest)
    if receiver:
        send(row_id, f"account.{purpose}", payload, template, subject, token=token, to=receiver)


def welcome(row_id: str, payload: dict[str, Any]) -> None:
    """Welcome, with the link that proves the address."""
    send_link(row_id, payload, "verify_email", "welcome", "Welcome to {shop}")


def verify_email(row_id: str, payload: dict[str, Any]) -> None:
    """The same link once more."""
    send_link(row_id, payload, "verify_email", "verify_email", "Confirm your address at {shop}")


def reset_password(row_id: str, payload: dict[str, Any]) -> None:
    """The way back in for somebody who has forgotten the password."""
    send_link(row_id, payload, "reset_password", "reset_password", "Choose a new password at {shop}")


def change_email(row_id: str, payload: dict[str, Any]) -> None:
    """To the new address: is it yours?"""
    send_link(row_id, payload, "change_email", "change_email", "Confirm your new address at {shop}")
