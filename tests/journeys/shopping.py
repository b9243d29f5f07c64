"""Buy, price and refund through the public port, as customers and staff do."""

import time
from typing import Any

import httpx
import stripe

PASSWORD = "Corr3ct-h0rse-b4ttery"
ADDRESS = {"address_line1": "1 Market Street", "city": "London", "postal_code": "EC1A 1BB", "country": "United Kingdom"}


class Account:
    """Somebody signed in. Asks again with a new token when the old one has run out."""

    def __init__(self, http: httpx.Client, email: str, password: str = PASSWORD) -> None:
        self.http, self.email, self.password = http, email, password
        self.sign_in()

    @classmethod
    def register(cls, http: httpx.Client, email: str) -> "Account":
        body = {
            "email": email,
            "password": PASSWORD,
            "password2": PASSWORD,
            "first_name": "Retail",
            "last_name": "Customer",
        }
        answer = http.post("/api/v1/auth/register/", json=body)
        assert answer.status_code == 201, answer.text
        return cls(http, email)

    def sign_in(self) -> None:
        answer = self.http.post("/api/v1/auth/login/", json={"email": self.email, "password": self.password})
        assert answer.status_code == 200, answer.text
        self.token, self.id = answer.json()["access"], answer.json()["user"]["id"]

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        for _ in range(2):
            answer = self.http.request(
                method, path, json=body, headers={"Authorization": f"Bearer {self.token}", **headers}
            )
            if answer.status_code != 401:
                break
            self.sign_in()
        return answer

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object, **headers: str) -> Any:
        answer = self.ask("POST", path, body, **headers)
        assert answer.is_success, f"{path} {answer.status_code}: {answer.text}"
        return answer.json()

    def check_out(self, key: str) -> dict[str, Any]:
        """Place the order of the cart; a shop that is too busy says when to try again, and the key makes that safe."""
        for _ in range(5):
            answer = self.ask("POST", "/api/v1/orders/", {"shipping_address": ADDRESS}, **{"Idempotency-Key": key})
            if answer.status_code != 503:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def pay(self, order_id: str, client: stripe.StripeClient) -> None:
        """Pay as a browser does, at Stripe itself: only the webhook can tell the shop."""
        intent = self.post("/api/v1/payments/create-intent/", {"order_id": order_id})
        paid = client.v1.payment_intents.confirm(intent["payment_intent_id"], {"payment_method": "pm_card_visa"})
        assert paid.status == "succeeded", paid

    def await_status(self, order_id: str, status: str, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while (seen := self.get(f"/rest/v1/orders?select=status&id=eq.{order_id}")[0]["status"]) != status:
            assert time.monotonic() < deadline, f"order {order_id} is {seen} after {seconds} s, not {status}"
            time.sleep(0.05)


def products_by_sku(http: httpx.Client) -> dict[str, str]:
    """Id of each product by its SKU in upper case, page by page."""
    found: dict[str, str] = {}
    while True:
        answer = http.get(f"/rest/v1/products?select=id,sku&order=id&limit=1000&offset={len(found)}")
        assert answer.is_success, answer.text
        found |= {row["sku"].upper(): row["id"] for row in answer.json()}
        if len(answer.json()) < 1000:
            return found
