"""Every kind of secret that people and the shop have, used, misused and kept; and where it is found afterwards."""

import base64
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from tests.conftest import Person, Shop, eventually, pgshop
from tests.extensions.canaries import texts_in
from tests.extensions.test_second_factor import AUTH, code

Secrets = dict[str, str]
# What must have been there to be looked for, by the beginning of its name.
KINDS = (
    *("password", "access", "refresh", "guest access", "guest refresh", "mfa token", "totp secret", "totp code"),
    *("recovery code", "API key", "verification link", "reset link", "change link", "client secret", "jwt_private_key"),
    *("refresh_token_key", "stripe_secret_key", "stripe_webhook_secret", "superuser", "service", "redis"),
)


def dresses(secret: str) -> Iterator[str]:
    """The ways in which a secret could be written down."""
    yield from {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    yield secret.encode().hex()
    yield base64.b64encode(secret.encode()).decode().rstrip("=")


def told(text: str, secrets: Secrets) -> set[str]:
    """Which of the secrets stand in a text. Six digits do only by themselves: there are many in any log.

    Nor are they a code where PostgreSQL tells of its process, at the begin of a line.
    """
    return {
        name
        for name, secret in secrets.items()
        if (
            re.search(rf"(?<![\w.:-])(?<! UTC \[){secret}(?![\w.-])", text)
            if len(secret) < 8
            else any(map(text.__contains__, dresses(secret)))
        )
    }


def told_in(folder: Path, secrets: Secrets) -> set[tuple[str, str]]:
    """Which of the secrets stand in which file below a folder."""
    return {(path.name, name) for path, text in texts_in(folder).items() for name in told(text, secrets)}


def mailed(shop: Shop, email: str, subject: str, count: int = 1) -> str:
    """The token in the newest of so many mails whose link goes there."""

    def look() -> list[str]:
        letters = [mail["text"] for mail in shop.mails(email)]
        found = [match[1] for text in letters if (match := re.search(rf"{subject}\?token=([\w-]+)", text))]
        return found if len(found) >= count else []

    return str(eventually(look, what=f"{count} mails with {subject}")[-1])


class Life:
    """Somebody new with secrets of every kind; each goes right and wrong once, and one of its kind stays good."""

    def __init__(self, shop: Shop, acting_as: Callable[..., Person]) -> None:
        self.shop, self.client, self.acting_as = shop, shop.client(), acting_as
        self.email, self.secrets = f"{uuid.uuid4().hex}@example.com", Secrets()

    def keep(self, name: str, secret: str) -> str:
        self.secrets[f"{name} {len(self.secrets)}"] = secret
        return secret

    def password(self) -> str:
        """Several words, of which one is looked for: the blanks could be written in many ways."""
        return f"canary {self.keep('password', uuid.uuid4().hex)}"

    def post(self, path: str, status: int, bearer: str = "", kind: str = "", **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = self.client.post(f"{AUTH}{path}/", json=body, headers=headers)
        assert answer.status_code == status, f"{path}: {answer.text}"
        said = dict(answer.json())
        for name in {"access", "refresh", "mfa_token"} & said.keys():
            # Half of a token would be too much, too. What every one of them begins with is no secret.
            for part in said[name].split(".")[-2:]:
                self.keep(f"{kind}{name.replace('_', ' ')}", part)
        return said

    def mail(self, subject: str, name: str, email: str = "", count: int = 1) -> str:
        return self.keep(f"{name} link", mailed(self.shop, email or self.email, subject, count))

    def of_sessions(self) -> None:
        email, password, wrong, new = self.email, self.password(), self.password(), self.password()
        self.post("register", 201, email=email, password=password, password2=password)
        verification = self.mail("/verify", "verification")
        self.post("login", 401, email=email, password=wrong)
        pair = self.post("login", 200, email=email, password=password)
        rotated = self.post("refresh", 200, refresh=pair["refresh"])
        self.post("refresh", 200, refresh=rotated["refresh"])
        self.post("refresh", 401, refresh=pair["refresh"])
        pair = self.post("login", 200, email=email, password=password)
        self.post("logout", 200, pair["access"], refresh=pair["refresh"])
        self.client.get("/verify", params={"token": verification})
        self.post("verify", 200, token=verification)
        self.post("password/reset", 202, email=email)
        reset = self.mail("/reset", "reset")
        self.client.get("/reset", params={"token": reset})
        self.client.post("/reset", params={"token": reset}, data={"password": "short", "password2": "short"})
        self.post("password/reset/confirm", 200, token=reset, password=new, password2=new)
        guest = self.post("guest", 201, kind="guest ")
        pair = self.post("login", 200, email=email, password=new, guest_token=guest["refresh"])
        # Of each kind one is good still when they are looked for.
        self.good = {"refresh": pair["refresh"], "guest": self.post("guest", 201, kind="guest ")["refresh"]}
        other = f"new-{email}"
        asked = self.client.post(
            "/api/v1/users/me/email/",
            json={"email": other, "password": new},
            headers={"Authorization": f"Bearer {pair['access']}"},
        )
        assert asked.status_code == 202, asked.text
        self.good["change"] = self.mail("/verify", "change", other)
        self.post("password/reset", 202, email=email)
        self.good["reset"] = self.mail("/reset", "reset", count=2)
        self.of_the_second_factor(new, pair["access"])
        for content in (
            f'{{"email": "{email}", "password": "{wrong}"',
            f'{{"email": ["{wrong}"], "{wrong}": "{wrong}"}}',
        ):
            assert self.client.post(f"{AUTH}login/", content=content).is_client_error
        # Typed into the wrong field.
        self.post("login", 401, email=wrong, password=wrong)
        self.post("verify", 400, token=wrong)
        self.client.post("/verify", params={"token": wrong})
        self.misuse(pair["access"])
        user = ("user", "create", "--email", f"a{email}", "--password", password, "--state", str(self.shop.state))
        pgshop(*user)
        pgshop(*user, check=False)

    def of_the_second_factor(self, password: str, access: str) -> None:
        secret = self.keep("totp secret", self.post("mfa/enroll", 200, access, password=password)["secret"])
        first = self.keep("totp code", code(secret))
        codes = self.post("mfa/confirm", 200, access, code=first)["recovery_codes"]
        challenge = self.post("login", 200, email=self.email, password=password)["mfa_token"]
        self.post("mfa/verify", 401, mfa_token=challenge, code=first)
        self.post("mfa/verify", 200, mfa_token=challenge, code=self.keep("totp code", code(secret, 1)))
        self.post("mfa/verify", 200, mfa_token=challenge, code=codes[0])
        codes += self.post("mfa/recovery-codes", 200, access, password=password, code=codes[1])["recovery_codes"]
        for each in codes:
            self.keep("recovery code", each)

    def of_programs(self) -> None:
        body = {"name": "Canary", "scopes": ["read_orders"]}
        key = self.keep("API key", self.acting_as("admin").client.post("/api/v1/api-keys/", json=body).json()["key"])
        self.good["key"] = key
        self.misuse(self.post("token", 200, api_key=key)["access"])
        self.post("token", 401, api_key=self.keep("API key", f"pgk_{uuid.uuid4().hex}{uuid.uuid4().hex}"))
        # Where it does not belong.
        self.client.get("/rest/v1/orders", params={"api_key": key})
        self.client.get("/api/v1/orders/", headers={"X-Api-Key": key, "Cookie": f"key={key}"})

    def misuse(self, token: str) -> None:
        """What fails, in SQL and before it."""
        client, headers = self.client, {"Authorization": f"Bearer {token}"}
        for path in ("orders?id=eq.x", "orders?select=nothing", "nothing", "rpc/refund_order?order_id=x"):
            assert client.get(f"/rest/v1/{path}", headers=headers).is_client_error
        body = {"phone_number": "x", "first_name": "a\nb"}
        client.patch("/rest/v1/customers?id=not.is.null", headers=headers, json=body)
        assert client.post("/rest/v1/rpc/checkout", headers=headers, content=b'{"a":').is_client_error
        client.get("/rest/v1/orders", headers={"Authorization": f"Bearer {token}x"})
        client.get("/rest/v1/orders", params={"access_token": token})

    def of_the_shop(self, order: dict[str, Any], customer: Person) -> None:
        intent = customer.client.post("/api/v1/payments/create-intent/", json={"order_id": order["id"]}).json()
        self.keep("client secret", intent["client_secret"])
        self.secrets |= json.loads((self.shop.state / "secrets.json").read_text())
        for name in ("stripe_secret_key", "stripe_webhook_secret"):
            self.secrets[name] = self.shop.status[name]


def missing(secrets: Iterable[str]) -> list[str]:
    """The kinds of which none was made."""
    return [kind for kind in KINDS if not any(name.startswith(kind) for name in secrets)]
