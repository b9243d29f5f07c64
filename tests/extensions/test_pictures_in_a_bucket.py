"""With S3 settings, pictures lie in a bucket (here moto's) and nothing in the folder; to clients it is the same."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from PIL import Image

from extensions.bucket import Bucket
from extensions.config import Settings
from tests.conftest import PASSWORD, Person, Shop, eventually, pgshop, start_stack
from tests.extensions.uploads import path_of, picture, send
from tests.gateway.conftest import assert_problem, head
from tests.gateway.conftest import send as send_raw

KEY, SECRET = "pgshop-key", "a-key-that-nobody-guesses"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """A server that speaks S3: its address, and somebody else's client that looks into it."""
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("w") as out:
        server = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", "0"], stdout=out, stderr=out)
    try:
        # With what follows the address, so that all of it is there.
        url = eventually(lambda: re.search(r"Running on (http://127\.0\.0\.1:\d+)\s", log.read_text()), what="moto")[1]
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )
        client.create_bucket(Bucket="pictures")
        yield url, client
        client.close()
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def bucket_shop(tmp_path_factory: pytest.TempPathFactory, s3: tuple[str, Any]) -> Iterator[Shop]:
    state = tmp_path_factory.mktemp("bucket") / "state"
    # PostgreSQL runs as nobody under root, and pytest's folders are closed.
    for folder in (state.parent, tmp_path_factory.getbasetemp(), tmp_path_factory.getbasetemp().parent):
        folder.chmod(0o755)
    running = start_stack(state, S3_ENDPOINT_URL=s3[0], S3_BUCKET="pictures", S3_ACCESS_KEY=KEY, S3_SECRET_KEY=SECRET)
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        pgshop("down", "--state", str(state))


@pytest.fixture(scope="module")
def seller(bucket_shop: Shop) -> Person:
    email = "seller@example.com"
    options = ("--email", email, "--password", PASSWORD, "--role", "staff", "--state", str(bucket_shop.state))
    pgshop("user", "create", *options)
    client = bucket_shop.client()
    tokens = client.post("/api/v1/auth/login/", json={"email": email, "password": PASSWORD}).json()
    client.headers["Authorization"] = f"Bearer {tokens['access']}"
    return Person(client, email, tokens["user"]["id"], tokens["access"], tokens["refresh"])


@pytest.fixture
def product(seller: Person) -> dict[str, Any]:
    answer = seller.client.post("/api/v1/products/", json={"name": "Lamp", "sku": "LAMP", "price": "9.00"})
    if answer.status_code == 409:
        answer = seller.client.get("/api/v1/products/lamp/")
    return dict(answer.json())


def names(client: Any) -> set[str]:
    return {row["Key"] for row in client.list_objects_v2(Bucket="pictures").get("Contents", [])}


def test_a_picture_lives_and_dies_in_the_bucket(
    bucket_shop: Shop, s3: tuple[str, Any], seller: Person, product: dict[str, Any]
) -> None:
    answer = send(seller, path_of(product), picture("PNG"))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["image"].removeprefix("/media/") in names(s3[1])
    row = eventually(
        lambda: next((row for row in seller.client.get(path_of(product)).json()["results"] if row["thumbnails"]), None)
    )
    paths = [row["image"], *row["thumbnails"].values()]
    assert {path.removeprefix("/media/") for path in paths} == names(s3[1])
    for path, kind in zip(paths, ["image/png", *["image/webp"] * 3], strict=True):
        shown = bucket_shop.client().get(path)
        assert (shown.status_code, shown.headers["content-type"]) == (200, kind)
        assert shown.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"]
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        with Image.open(io.BytesIO(shown.content)) as image:
            image.load()
    stored = s3[1].get_object(Bucket="pictures", Key=made["image"].removeprefix("/media/"))
    assert stored["ContentType"] == "image/png"
    stored["Body"].close()
    assert not [path for path in (bucket_shop.state / "media").rglob("*") if path.is_file()]
    assert seller.client.delete(f"{path_of(product)}{made['id']}/").status_code == 204
    eventually(lambda: not names(s3[1]), what="the bucket is empty")
    assert_problem(bucket_shop.client().get(made["image"]), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["products/x.png", "products/../../secrets.json", "stack.json", f"other/{'0' * 32}.png"]
)
def test_only_pictures_are_asked_for(bucket_shop: Shop, path: str) -> None:
    assert_problem(bucket_shop.client().get(f"/media/{path}"), 404, "not_found")
    # Nor by somebody who is past nginx.
    port = json.loads((bucket_shop.state / "stack.json").read_text())["ports"]["service"]
    assert send_raw(f"http://127.0.0.1:{port}", head("GET", f"/media/{path}")).status == 404


def test_a_bucket_that_is_away_keeps_nothing_and_says_so(
    bucket_shop: Shop, seller: Person, product: dict[str, Any], s3: tuple[str, Any]
) -> None:
    s3[1].delete_bucket(Bucket="pictures")
    with bucket_shop.connect() as database:

        def rows() -> Any:
            return database.execute("select count(*) as n from shop.product_images").fetchone()

        before = rows()
        try:
            assert_problem(send(seller, path_of(product), picture("PNG")), 503, "unavailable")
        finally:
            s3[1].create_bucket(Bucket="pictures")
        assert rows() == before
    assert send(seller, path_of(product), picture("PNG")).status_code == 201


def test_errors_of_the_client_are_those_of_a_disk(s3: tuple[str, Any]) -> None:
    def bucket(url: str) -> Bucket:
        return Bucket(
            Settings(_env_file=None, s3_endpoint_url=url, s3_bucket="pictures", s3_access_key=KEY, s3_secret_key=SECRET)
        )

    with pytest.raises(FileNotFoundError):
        bucket(s3[0]).get("products/nothing.png")
    bucket(s3[0]).delete("products/nothing.png")
    bucket(s3[0]).put("products/some.png", b"bytes")
    assert bucket(s3[0]).get("products/some.png") == b"bytes"
    bucket(s3[0]).delete("products/some.png")
    with pytest.raises(OSError, match="does not answer"):
        bucket("http://127.0.0.1:1").put("products/x.png", b"bytes")
