"""The Starlette service: its routes and what lives as long as it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from extensions import (
    accounts,
    guests,
    health,
    keys,
    logs,
    pages,
    payments,
    pictures,
    privacy,
    problems,
    recovery,
    second_factor,
    supabase_auth,
    telemetry,
)
from extensions.database import make_pool
from extensions.openapi import serving
from extensions.stripe_gateway import make_client


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the pool and the clients, close them at the end."""
    app.state.pool = make_pool()
    app.state.documents = serving.Documents()
    app.state.stripe = make_client(asynchronous=True)
    async with app.state.pool, httpx.AsyncClient(timeout=health.PATIENCE) as app.state.http:
        running = [keys.keep_current(app.state.pool), telemetry.keep_telling("service")]
        tasks = [asyncio.create_task(one) for one in running]
        yield
        for task in tasks:
            task.cancel()


async def jwks(request: Request) -> JSONResponse:
    """The public keys that check our tokens (RFC 7517). Raises Problem 503 before they are known."""
    if not keys.RING.verifying:
        raise problems.Problem(503, "unavailable", "The shop is starting; try again.", headers={"Retry-After": "1"})
    return JSONResponse(keys.RING.jwks(), headers={"Cache-Control": "public, max-age=60"})


def post(path: str, handler: object) -> Route:
    """A route that only takes POST."""
    return Route(path, handler, methods=["POST"])  # type: ignore[arg-type]


logs.configure()
app = Starlette(
    routes=[
        post("/api/v1/auth/register/", accounts.register),
        post("/api/v1/auth/login/", accounts.login),
        post("/api/v1/auth/mfa/enroll/", second_factor.enroll),
        post("/api/v1/auth/mfa/confirm/", second_factor.confirm),
        post("/api/v1/auth/mfa/verify/", second_factor.verify),
        post("/api/v1/auth/mfa/recovery-codes/", second_factor.renew_codes),
        post("/api/v1/auth/mfa/disable/", second_factor.disable),
        post("/api/v1/auth/guest/", guests.begin),
        post("/api/v1/cart/merge/", guests.merge),
        post("/api/v1/auth/refresh/", accounts.refresh),
        post("/api/v1/auth/logout/", accounts.logout),
        post("/api/v1/auth/token/", accounts.exchange),
        post("/api/v1/auth/verify/", recovery.verify),
        post("/api/v1/auth/verify/resend/", recovery.resend),
        post("/api/v1/auth/password/reset/", recovery.forgot),
        post("/api/v1/auth/password/reset/confirm/", recovery.reset),
        post("/api/v1/auth/password/change/", recovery.change_password),
        post("/auth/v1/signup", supabase_auth.sign_up),
        post("/auth/v1/token", supabase_auth.grant),
        post("/auth/v1/logout", supabase_auth.sign_out),
        Route("/auth/v1/user", supabase_auth.user),
        post("/api/v1/users/me/email/", recovery.change_email),
        post("/api/v1/users/me/avatar/", pictures.avatar),
        Route("/api/v1/users/me/", privacy.erase_me, methods=["DELETE"]),
        post("/api/v1/payments/create-intent/", payments.create_intent),
        post("/api/v1/payments/confirm/", payments.confirm),
        post("/api/v1/payments/webhook/", payments.webhook),
        post("/api/v1/products/{slug}/images/", pictures.product_image),
        post("/api/v1/products/categories/{slug}/image/", pictures.category_image),
        Route("/media/{name:path}", pictures.from_bucket),
        Route("/verify", recovery.verify_page, methods=["GET", "POST"]),
        Route("/reset", recovery.reset_page, methods=["GET", "POST"]),
        Route("/api/schema/", serving.schema),
        Route("/health/live", health.live),
        Route("/health/", health.health),
        Route("/.well-known/jwks.json", jwks),
        Route("/", pages.landing),
    ],
    exception_handlers={Exception: problems.answer, problems.Problem: problems.answer, **problems.HANDLED},
    middleware=[logs.middleware],
    lifespan=lifespan,
)
if telemetry.trace("service"):
    from opentelemetry.instrumentation.starlette import StarletteInstrumentor

    StarletteInstrumentor.instrument_app(app)
