"""In production nothing is pretended: no twin of Stripe, no mail catcher, no demo shop with known passwords."""

import os
from pathlib import Path

import pytest

from tests.conftest import Shop, pgshop

STRIPE = {"STRIPE_SECRET_KEY": "sk_live_" + "a1" * 20, "STRIPE_WEBHOOK_SECRET": "whsec_" + "b2" * 20}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "STRIPE_SECRET_KEY and SMTP_URL"),
        (STRIPE, "SMTP_URL"),
        ({"SMTP_URL": "smtp://127.0.0.1:25"}, "STRIPE_SECRET_KEY"),
    ],
)
def test_production_needs_the_real_parts(given: dict[str, str], missing: str, tmp_path: Path) -> None:
    environment = {**os.environ, **given, "ENVIRONMENT": "production"}
    state = str(tmp_path / "state")
    done = pgshop("up", "--detach", "--port", "0", "--state", state, check=False, env=environment, cwd=tmp_path)
    assert done.returncode == 1
    assert f"needs {missing}." in done.stderr
    assert pgshop("status", "--state", state, check=False).returncode == 3


def test_production_has_no_demo_shop(shop: Shop) -> None:
    done = pgshop("seed", "--state", str(shop.state), check=False, env={**os.environ, "ENVIRONMENT": "production"})
    assert done.returncode == 1
    assert "not for production" in done.stderr
