"""Run the twin: `python -m stack.twin`. The key and the webhook secret come from the environment or /run/secrets."""

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from extensions.config import SECRETS
from stack.twin.app import make_app
from stack.twin.faults import Resettable
from stack.twin.store import Store


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m stack.twin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="Address to listen at; on loopback unless told.")
    parser.add_argument("--port", type=int, required=True, help="Port there.")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file; created when absent.")
    parser.add_argument("--webhook-url", required=True, help="Where signed events are posted.")
    given = parser.parse_args()
    key, secret = map(told, ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"))
    if not key.startswith("sk_test_") or not secret.startswith("whsec_"):
        sys.exit("STRIPE_SECRET_KEY (sk_test_…) and STRIPE_WEBHOOK_SECRET (whsec_…) must be set.")
    app = make_app(Store(given.database), key=key, secret=secret, webhook_url=given.webhook_url)
    uvicorn.run(
        app,
        host=given.host,
        port=given.port,
        http=Resettable,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


def told(name: str) -> str:
    """From the environment, or as containers have it from a file."""
    file = SECRETS / name.lower()
    return os.environ.get(name, "") or (file.read_text() if file.exists() else "")


if __name__ == "__main__":
    main()
