"""Where a part is killed with -9: between every two steps of a payment."""

import os
import signal
from collections.abc import Callable

from tests.conftest import ADDRESS, eventually
from tests.soak.scene import ORDER, PAYMENT, REFUND, SHELF, Scene


def before_the_order(scene: Scene) -> None:
    """PostgREST, in the middle of checkout."""
    scene.guest.fill([(scene.product["id"], None, 1)])
    scene.order, key = {"id": scene.variant}, scene.variant
    body = {"shipping_address": ADDRESS, "email": scene.guest.email}
    with scene.held(SHELF) as wait:
        lost = scene.later("/api/v1/orders/", body, **{"Idempotency-Key": key})
        wait("postgrest%")
        scene.kill("postgrest")
    assert lost.result().status_code in {502, 503}
    scene.order = scene.insist("/api/v1/orders/", body, **{"Idempotency-Key": key})


def between_order_and_call(scene: Scene) -> None:
    scene.stop("worker")
    scene.place()
    scene.kill("worker")


def between_call_and_intent_stored_by_the_worker(scene: Scene) -> None:
    scene.stop("worker")
    scene.place()
    with scene.held(PAYMENT) as wait:
        os.kill(scene.pids["worker"], signal.SIGCONT)
        wait("worker")
        scene.kill("worker")


def between_call_and_intent_stored_by_the_service(scene: Scene) -> None:
    scene.stop("worker")
    try:
        scene.place()
        with scene.held(PAYMENT) as wait:
            lost = scene.later("/api/v1/payments/create-intent/", {"order_id": scene.order["id"]})
            wait("service")
            scene.kill("service")
        assert lost.result().status_code in {502, 503}
    finally:
        os.kill(scene.pids["worker"], signal.SIGCONT)


def between_the_money_and_its_answer(scene: Scene) -> None:
    """The service has charged the card, and neither noted it nor told anybody."""
    scene.place()
    scene.intend()
    body = {"order_id": scene.order["id"], "payment_method": "pm_card_visa"}
    with scene.held(ORDER) as wait:
        lost = scene.later("/api/v1/payments/confirm/", body)
        wait("service")
        scene.kill("service")
    assert lost.result().status_code in {502, 503}


def between_the_money_and_the_webhook(scene: Scene) -> None:
    scene.place()
    scene.intend()
    scene.stop("service")
    scene.pay_at_the_bank()
    scene.kill("service")


def between_webhook_and_applied(scene: Scene) -> None:
    scene.place()
    scene.intend()
    with scene.held(ORDER) as wait:
        scene.pay_at_the_bank()
        wait("service")
        scene.kill("service")


def between_webhook_and_applied_the_database(scene: Scene) -> None:
    scene.place()
    scene.intend()
    with scene.held(ORDER) as wait:
        scene.pay_at_the_bank()
        wait("service")
        scene.kill("postgres")


def between_applied_and_acknowledged(scene: Scene) -> None:
    """The bank never learns that its event was taken, and sends it again."""
    scene.place()
    scene.intend()
    with scene.held(ORDER) as wait:
        scene.pay_at_the_bank()
        wait("service")
        scene.stop("twin")
    done = "select 1 from shop.payments where order_id = %s and status = 'succeeded'"
    eventually(lambda: scene.ask(done, scene.order["id"]), what="applied")
    scene.kill("twin")


def between_refund_and_call(scene: Scene) -> None:
    scene.place()
    scene.pay()
    scene.settle()
    scene.stop("worker")
    answer = scene.staff.client.post("/rest/v1/rpc/refund_order", json={"order_id": scene.order["id"]})
    assert answer.status_code == 200, answer.text
    scene.kill("worker")


def between_refund_and_recorded(scene: Scene) -> None:
    scene.place()
    scene.pay()
    scene.settle()
    scene.stop("worker")
    answer = scene.staff.client.post("/rest/v1/rpc/refund_order", json={"order_id": scene.order["id"]})
    assert answer.status_code == 200, answer.text
    with scene.held(REFUND) as wait:
        os.kill(scene.pids["worker"], signal.SIGCONT)
        wait("worker")
        scene.kill("worker")


POINTS: list[Callable[[Scene], None]] = [
    between_call_and_intent_stored_by_the_worker,
    between_webhook_and_applied,
    between_applied_and_acknowledged,
    between_refund_and_recorded,
    before_the_order,
    between_order_and_call,
    between_call_and_intent_stored_by_the_service,
    between_the_money_and_its_answer,
    between_the_money_and_the_webhook,
    between_webhook_and_applied_the_database,
    between_refund_and_call,
]
