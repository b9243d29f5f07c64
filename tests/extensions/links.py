"""Links as somebody would click them, out of the real mails."""

import re

import httpx

from tests.conftest import PASSWORD, Person, Shop, eventually

NEW = "another long enough one"
PLACES = ["/api/v1/users/me/", "/rest/v1/customers", "/api/v1/payments/create-intent/"]


def links(shop: Shop, to: str, subject: str, page: str) -> list[str]:
    """Every link to a page in the mails with this subject."""
    found = []
    for mail in (m for m in shop.mails(to) if subject in m["subject"]):
        link = re.search(rf'href="(http[^"]+/{page}\?token=[^"]+)"', mail["html"])
        assert link and link[1] in mail["text"] and link[1].startswith(f"{shop.url}/")
        found.append(link[1])
    return found


def tokens_of(shop: Shop, to: str, subject: str, page: str, count: int = 1) -> list[str]:
    """The tokens of as many mails."""
    # Others' mails may stand before them.
    found = eventually(lambda: len(links(shop, to, subject, page)) == count and links(shop, to, subject, page), what=to)
    return [str(link).partition("token=")[2] for link in found]


def token_of(shop: Shop, to: str, subject: str, page: str) -> str:
    """The token of the one mail."""
    return tokens_of(shop, to, subject, page)[0]


def post(shop: Shop, path: str, /, **body: str) -> httpx.Response:
    return shop.client().post(f"/api/v1/{path}", json=body)


def forgotten(shop: Shop, person: Person, count: int = 1) -> list[str]:
    """The tokens by which a forgotten password is renewed."""
    for _ in range(count):
        assert post(shop, "auth/password/reset/", email=person.email).status_code == 202
    return tokens_of(shop, person.email, "Choose a new password", "reset", count)


def renew(shop: Shop, token: str, password: str = NEW) -> httpx.Response:
    return post(shop, "auth/password/reset/confirm/", token=token, password=password, password2=password)


def login(shop: Shop, email: str, password: str = PASSWORD) -> httpx.Response:
    return post(shop, "auth/login/", email=email, password=password)


def seen(shop: Shop, access: str) -> set[int]:
    """What an access token gets: of PostgREST in each dress, and of the service, whose 422 lets it in."""
    client = shop.client(access)
    return {(client.post(p, json={}) if "payments" in p else client.get(p)).status_code for p in PLACES}


WELCOME, REFUSED = {200, 422}, {401}
