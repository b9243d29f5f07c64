"""Pictures good and bad, and how they are sent."""

import io
import struct
import zlib
from typing import Any

import httpx
from PIL import Image

from tests.conftest import Person, Shop

HTML = b"<!DOCTYPE html><html><body><script>alert(document.domain)</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any) -> bytes:
    """A picture whose quarters differ, so that turning it shows."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    if mode == "I;16":
        image = image.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    elif mode != "RGB":
        image = image.convert(mode)
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def huge_png(width: int = 10_000, height: int = 10_000) -> bytes:
    """A hundred million pixels in a few kilobytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A small picture with a comment that unpacks to hundreds of megabytes."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    body = b"".join(packer.compress(block) for _ in range(300)) + packer.flush()
    whole = picture("PNG", (8, 8))
    return whole[:-12] + chunk(b"zTXt", b"Comment\x00\x00" + body) + whole[-12:]


def path_of(product: dict[str, Any]) -> str:
    return f"/api/v1/products/{product['slug']}/images/"


def send(
    person: Person | httpx.Client, path: str, raw: bytes, name: str = "picture.jpg", field: str = "image", **form: str
) -> httpx.Response:
    client = person.client if isinstance(person, Person) else person
    return client.post(path, files={field: (name, raw, "image/jpeg")}, data=form)


def upload(staff: Person, product: dict[str, Any], raw: bytes | None = None, **form: str) -> dict[str, Any]:
    answer = send(staff, path_of(product), picture() if raw is None else raw, **form)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def stored(shop: Shop, image: str) -> Image.Image:
    """The file as a stranger gets it."""
    answer = shop.client().get(image)
    assert answer.status_code == 200
    opened = Image.open(io.BytesIO(answer.content))
    opened.load()
    return opened
