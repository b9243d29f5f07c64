"""A trace that nginx has begun goes on in the service and, through the outbox, in the worker."""

import re

from tests.conftest import PASSWORD, Shop, eventually
from tests.monitoring.conftest import Collector, Span
from tests.stack import selling


def test_spans_of_service_and_worker_are_of_the_trace_that_nginx_gave(breakable: Shop, collector: Collector) -> None:
    email = selling.new_address("traced")
    body = {"email": email, "password": PASSWORD, "password2": PASSWORD, "first_name": "Test"}
    answer = breakable.client().post("/api/v1/auth/register/", json=body)
    trace = answer.headers["x-request-id"]
    assert answer.status_code == 201 and re.fullmatch("[0-9a-f]{32}", trace)

    def of(service: str) -> list[Span]:
        return [span for span in list(collector.spans) if (span.service, span.trace) == (service, trace)]

    eventually(lambda: any("outbox.act" in span.name for span in of("pgshop-worker")), what="the worker's span")
    eventually(lambda: any("/api/v1/auth/register/" in span.name for span in of("pgshop-service")), what="the other's")
    # Under nginx's own, which has the first half of the trace's id.
    # It ends, and so is told of, after what was done within it, some of which bears its name as well.
    eventually(lambda: any(span.parent == trace[:16] for span in of("pgshop-service")), what="the request's own span")
    # What they asked of the database is there, too.
    assert any(span.name.lower().startswith("select") for span in of("pgshop-service"))
    assert any(span.name.lower().startswith("select") for span in of("pgshop-worker"))
    assert not [span for span in collector.spans if "@" in span.name]
