"""Pictures: served to be kept and to do no harm; nothing else of the disk is."""

import httpx
import pytest

from tests.conftest import Shop
from tests.gateway.conftest import assert_problem, head, send

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
FILES = {
    "picture.svg": "image/svg+xml",
    "picture.png": "image/png",
    "picture.jpg": "image/jpeg",
    "picture.webp": "image/webp",
    "unknown.bin": "application/octet-stream",
    "noend": "application/octet-stream",
}


@pytest.fixture(scope="module", autouse=True)
def files(shop: Shop) -> None:
    folder = shop.state / "media" / "gateway"
    folder.mkdir(exist_ok=True)
    for name in FILES:
        (folder / name).write_text(SVG)


@pytest.mark.parametrize("name", FILES)
def test_a_picture_is_served_as_what_it_is(visitor: httpx.Client, name: str) -> None:
    answer = visitor.get(f"/media/gateway/{name}")
    assert (answer.status_code, answer.text) == (200, SVG)
    assert answer.headers["content-type"] == FILES[name]
    assert "max-age=2592000" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy


def test_a_picture_is_asked_for_again_and_in_parts(visitor: httpx.Client) -> None:
    path = "/media/gateway/picture.png"
    first = visitor.get(path)
    again = visitor.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")
    part = visitor.get(path, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.text) == (206, SVG[:4])
    assert_problem(visitor.get(path, headers={"Range": "bytes=9999-"}), 416, "range_not_satisfiable")
    only_head = visitor.head(path)
    assert (only_head.text, only_head.headers["content-length"]) == ("", str(len(SVG)))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_a_picture_is_only_read(visitor: httpx.Client, method: str) -> None:
    answer = visitor.request(method, "/media/gateway/picture.png")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        "/media/../secrets.json",
        "/media/../../secrets.json",
        "/media/%2e%2e/secrets.json",
        "/media/..%2fsecrets.json",
        "/media/%2e%2e%2fsecrets.json",
        "/media/..%252fsecrets.json",
        "/media/gateway/../../secrets.json",
        "/media../secrets.json",
        "/media..%2fsecrets.json",
        "/media/....//secrets.json",
        "/media/..\\secrets.json",
        "/media//secrets.json",
        "/media//etc/passwd",
        "/media/./../secrets.json",
        "/media/%00/../secrets.json",
        "/media/picture.png/../../secrets.json",
        "/media/gateway/missing.png",
    ],
)
def test_nothing_else_is_read(shop: Shop, path: str) -> None:
    assert (shop.state / "secrets.json").exists()
    answer = send(shop.url, head("GET", path))
    assert answer.status in (400, 404)
    assert_problem(answer, answer.status)


@pytest.mark.parametrize("path", ["/media/", "/media/gateway/"])
def test_a_folder_is_not_listed(visitor: httpx.Client, path: str) -> None:
    assert_problem(visitor.get(path), 404, "not_found")
