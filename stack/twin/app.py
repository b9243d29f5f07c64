"""The twin's HTTP face: keys, idempotency, and one transaction a request."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from stack.twin import admin, cards, disputes, forms, intents, refunds
from stack.twin.events import Courier
from stack.twin.faults import REFUSALS, TO_REQUESTS, Fault, Faults
from stack.twin.keys import check_key
from stack.twin.problems import TwinError, invalid, missing
from stack.twin.store import Answer, Store, new_id

TROUBLE = REFUSALS["500"]
PAGE = {"limit", "starting_after", "ending_before", "created", "expand"}
Handler = Callable[[Store, Request, dict[str, Any]], Answer]


def listing(kind: str, *filters: str) -> Handler:
    """A handler that lists a kind of object, newest first."""

    def handler(store: Store, request: Request, form: dict[str, Any]) -> Answer:
        limit = min(100, forms.integer(form, "limit", least=1, default=10))
        where = {name: [form[name]] for name in filters if name in form}
        if "types" in form:
            where["type"] = list(form["types"].values())
        ends = {name: form[name] for name in ("starting_after", "ending_before") if name in form}
        for name, end in ends.items():
            if store.get(kind, end) is None:
                raise invalid(f"No such {kind}: '{end[:100]}'", "resource_missing", name)
        page, more = store.newest(
            kind,
            after=ends.get("starting_after"),
            before=ends.get("ending_before"),
            limit=limit,
            created=forms.interval(form, "created"),
            where=where,
        )
        return 200, {"object": "list", "data": page, "has_more": more, "url": request.url.path}

    return handler


def getting(kind: str) -> Handler:
    """A handler that answers with an object."""

    def handler(store: Store, request: Request, form: dict[str, Any]) -> Answer:
        found = store.get(kind, request.path_params["id"])
        if found is None:
            raise missing(kind, request.path_params["id"][:100])
        return 200, found

    return handler


def on_intent(act: Callable[[Store, dict[str, Any], dict[str, Any]], Answer]) -> Handler:
    """A handler that does something with the intent of the URL."""
    return lambda store, request, form: act(store, intents.find(store, request.path_params["id"]), form)


def on_dispute(act: Callable[[Store, dict[str, Any], dict[str, Any]], Answer]) -> Handler:
    """A handler that does something with the dispute of the URL."""
    return lambda store, request, form: act(store, disputes.find(store, request.path_params["id"]), form)


# (method, path, known parameters, handler)
ROUTES: list[tuple[str, str, set[str], Handler]] = [
    ("POST", "/v1/payment_intents", intents.CREATE, lambda store, _, form: intents.create(store, form)),
    ("GET", "/v1/payment_intents", PAGE | {"customer"}, listing("payment_intent", "customer")),
    ("GET", "/v1/payment_intents/{id}", {"expand", "client_secret"}, getting("payment_intent")),
    ("POST", "/v1/payment_intents/{id}", intents.UPDATE, on_intent(intents.update)),
    ("POST", "/v1/payment_intents/{id}/confirm", intents.CONFIRM, on_intent(intents.confirm)),
    ("POST", "/v1/payment_intents/{id}/capture", intents.CAPTURE, on_intent(intents.capture)),
    ("POST", "/v1/payment_intents/{id}/cancel", intents.CANCEL, on_intent(intents.cancel)),
    (
        "POST",
        "/v1/payment_methods",
        {"type", "card", "billing_details", "metadata"},
        lambda store, _, form: (200, cards.create(store, form)),
    ),
    ("GET", "/v1/payment_methods/{id}", {"expand"}, getting("payment_method")),
    ("GET", "/v1/charges", PAGE | {"payment_intent"}, listing("charge", "payment_intent")),
    ("GET", "/v1/charges/{id}", {"expand"}, getting("charge")),
    ("POST", "/v1/refunds", refunds.CREATE, lambda store, _, form: refunds.create(store, form)),
    ("GET", "/v1/refunds", PAGE | {"payment_intent", "charge"}, listing("refund", "payment_intent", "charge")),
    ("GET", "/v1/refunds/{id}", {"expand"}, getting("refund")),
    ("GET", "/v1/disputes", PAGE | {"payment_intent", "charge"}, listing("dispute", "payment_intent", "charge")),
    ("GET", "/v1/disputes/{id}", {"expand"}, getting("dispute")),
    ("POST", "/v1/disputes/{id}", disputes.UPDATE, on_dispute(disputes.update)),
    ("POST", "/v1/disputes/{id}/close", {"expand"}, on_dispute(lambda store, d, _: disputes.settle(store, d, "lost"))),
    ("GET", "/v1/events", PAGE | {"type", "types"}, listing("event", "type")),
    ("GET", "/v1/events/{id}", {"expand"}, getting("event")),
    # Not Stripe's: finishes 3-D Secure, which there needs a browser, and payments that take their time.
    (
        "POST",
        "/twin/payment_intents/{id}/authenticate",
        {"succeeds"},
        on_intent(
            lambda store, intent, form: intents.authenticate(
                store, intent, succeeds=form.get("succeeds", "true") == "true"
            )
        ),
    ),
]


def make_app(store: Store, *, key: str, secret: str, webhook_url: str) -> Starlette:
    """The application over a store, for one API key and one webhook endpoint."""
    faults = Faults()
    courier = Courier(store, webhook_url, secret, faults)

    def endpoint(allowed: set[str], handler: Handler) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            body = (await request.body()).decode(errors="replace")
            fault = faults.take(f"{request.method} {request.url.path}", TO_REQUESTS)
            status, replayed = 0, False
            content: dict[str, Any] = {}
            within = fault if fault and fault.is_within else None
            if fault is None or fault.after or within:
                try:
                    check_key(request, key)
                    status, content, replayed = act(store, request, allowed, handler, body, fault=within)
                except TwinError as error:
                    status, content = error.status, error.body
            faults.log.append(
                {
                    "method": request.method,
                    "path": request.url.path,
                    "idempotency_key": request.headers.get("idempotency-key"),
                    "status": status,
                    "replayed": replayed,
                    "fault": fault and fault.how,
                }
            )
            courier.bell.set()
            if fault and not within:
                return await fault.answer(request)
            headers = {"Request-Id": new_id("req"), "Stripe-Version": request.headers.get("stripe-version", "")}
            if replayed:
                headers["Idempotent-Replayed"] = "true"
            if status == TROUBLE.status:
                # It would only be replayed.
                headers["Stripe-Should-Retry"] = "false"
            return JSONResponse(content, status, headers=headers)

        return answer

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(courier.run())
        yield
        task.cancel()

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def page(request: Request) -> HTMLResponse:
        newest, _ = store.newest("payment_intent")
        rows = "".join(f"<li>{i['id']} {i['amount'] / 100:.2f} {i['currency']} {i['status']}</li>" for i in newest)
        return HTMLResponse(f"<h1>Stripe twin</h1><p>Not Stripe, and no real money. Latest intents:</p><ul>{rows}</ul>")

    routes = [Route(path, endpoint(allowed, handler), methods=[method]) for method, path, allowed, handler in ROUTES]
    return Starlette(
        routes=[Route("/", page), Route("/health", health), *admin.routes(store, faults, courier, key), *routes],
        lifespan=lifespan,
        exception_handlers={404: unrecognized, 405: unrecognized},
    )


async def unrecognized(request: Request, error: Exception) -> JSONResponse:
    """An address that the twin does not have; Stripe answers 404 to a wrong method, too."""
    said = f"Unrecognized request URL ({request.method}: {request.url.path})."
    return JSONResponse(TwinError(404, "invalid_request_error", said).body, 404)


def act(
    store: Store, request: Request, allowed: set[str], handler: Handler, body: str, *, fault: Fault | None
) -> tuple[int, dict[str, Any], bool]:
    """Run a handler in one transaction with the memory of its idempotency key. The flag tells a replayed answer.

    A fault lets the act end in a 500, without its effect or after it.
    """
    idempotency_key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
    if len(idempotency_key) > 255:
        raise TwinError(400, "idempotency_error", "Idempotency keys have at most 255 characters.")
    fingerprint = hashlib.sha256(f"{request.url.path}\n{body}".encode()).hexdigest()
    known = store.answer(idempotency_key) if idempotency_key else None
    if known is not None:
        if known[0] != fingerprint:
            raise TwinError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            )
        return known[1], known[2], True
    form = forms.parse(body if request.method == "POST" else request.url.query, allowed)
    try:
        with store.transaction():
            status, content = (0, {}) if fault and not fault.after else handler(store, request, form)
            if fault:
                status, content = TROUBLE.status, TROUBLE.body
            if "latest_charge" in form.get("expand", {}).values() and content.get("latest_charge"):
                content["latest_charge"] = store.get("charge", content["latest_charge"])
            if idempotency_key:
                store.remember(idempotency_key, fingerprint, status, content)
    except TwinError as error:
        # A refusal is replayed, too; but bad parameters may be mended under the same key.
        if idempotency_key and not error.is_about_parameters:
            store.remember(idempotency_key, fingerprint, error.status, error.body)
        raise
    return status, content, False
