"""Ask Stripe what has become of payments, refunds and disputes, and bring the shop up to it."""

import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import stripe

from extensions.stripe_gateway import plain
from workers.database import call
from workers.payments import client

OUTCOMES = ("unchanged", "repaired", "ignored", "deferred", "quarantined", "unknown_at_stripe")


def reconcile(days: int, report: Callable[[str, int], None] = lambda kind, count: None) -> dict[str, int]:
    """Look at what Stripe has made in so many days, and at all that is open here. Raises stripe.StripeError."""
    found = dict.fromkeys(OUTCOMES, 0)

    def each(service: Any, ids: list[str]) -> Iterator[Any]:
        for known in ids:
            try:
                yield service.retrieve(known)
            except stripe.InvalidRequestError as error:
                # Of another account, say. It must not keep the others waiting for ever.
                if error.code != "resource_missing":
                    raise
                found["unknown_at_stripe"] += 1

    # Refunds and disputes speak of payments, so payments come first.
    for kind in ("payment_intent", "refund", "dispute"):
        service: Any = getattr(client().v1, f"{kind}s")
        since = {"gte": int(time.time()) - days * 86_400}
        recent = service.list({"created": since, "limit": 100}).auto_paging_iter()
        seen: set[str] = set()
        for thing in chain(recent, each(service, call("unsettled_at_stripe", kind=kind))):
            if thing.id not in seen:
                seen.add(thing.id)
                found[call("reconcile", thing=plain(thing))] += 1
                report(kind, len(seen))
    # What was to be asked of Stripe and was given up: asked again, under the same key.
    found["tried_again"] = call("revive_outbox", topics=r"^payment\.|^order\.placed$")
    found["ledger_differences"] = call("ledger_differences", days=days)
    return found
