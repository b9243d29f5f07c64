"""The twin's own address, `/twin/`: faults, time and the log of requests, for this machine and with the key only."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from stack.twin.events import Courier
from stack.twin.faults import Faults
from stack.twin.keys import check_key
from stack.twin.problems import TwinError
from stack.twin.store import Store, now


def routes(store: Store, faults: Faults, courier: Courier, key: str) -> list[Route]:
    """What may be asked of the twin beside Stripe's API; bodies are JSON."""

    def add_fault(given: dict[str, Any]) -> Any:
        faults.add(given)
        return {"waiting": len(faults.waiting)}

    def heal(_: dict[str, Any]) -> Any:
        faults.waiting.clear()
        faults.retries = None
        return {"waiting": 0}

    def set_retries(given: dict[str, Any]) -> Any:
        faults.retries = [float(pause) for pause in given["seconds"]]
        return {"seconds": faults.retries}

    def put_forward(given: dict[str, Any]) -> Any:
        store.put_forward(int(given["seconds"]))
        return {"now": int(now())}

    def tell(_: dict[str, Any]) -> Any:
        return {"requests": list(faults.log), "waiting": sum(fault.times for fault in faults.waiting)}

    def route(method: str, path: str, act: Callable[[dict[str, Any]], Any]) -> Route:
        async def answer(request: Request) -> JSONResponse:
            try:
                if request.client is None or not ip_address(request.client.host).is_loopback:
                    raise TwinError(404, "invalid_request_error", "Unrecognized request URL.")
                check_key(request, key)
                found = act(await request.json() if request.method == "POST" else {})
            except TwinError as error:
                return JSONResponse(error.body, error.status)
            courier.bell.set()
            return JSONResponse(found)

        return Route(path, answer, methods=[method])

    return [
        route("POST", "/twin/faults", add_fault),
        route("DELETE", "/twin/faults", heal),
        route("POST", "/twin/retries", set_retries),
        route("POST", "/twin/clock", put_forward),
        route("GET", "/twin/requests", tell),
    ]
