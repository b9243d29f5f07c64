"""Make a harmless picture of somebody's bytes: run as a program of its own, under limits, since decoders have faults.

`python -m extensions.imaging LARGEST_PIXELS [keep]` reads a file from stdin. It writes a line of JSON to stdout, either
`{"kind", "width", "height"}`, followed by the new file, or `{"refused": code, "details"}`.
"""

import io
import json
import os
import re
import resource
import struct
import sys
import warnings
import zipfile

from PIL import Image, ImageCms, ImageOps

# What is read → what is kept. Of what moves, the first picture.
KINDS = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "GIF": "PNG", "WEBP": "WEBP"}
READ = ("JPEG", "PNG", "GIF", "WEBP")
OPTIONS = {
    "JPEG": {"quality": 88, "optimize": True, "progressive": True},
    "PNG": {"compress_level": 6},
    "WEBP": {"quality": 88, "method": 4},
}
# A picture that is a page or a program as well was made to be taken for one.
PAGE = (b"<script", b"<html", b"<!doctype", b"<iframe", b"<body", b"<?php")
# What Python and the decoders need in any case, and for each pixel; WebP takes most when it is turned as well.
MEMORY_BYTES, BYTES_A_PIXEL = 512 << 20, 56
# The longest that WebP knows, and copies are made as WebP.
LONGEST_SIDE = 16_383
CPU_SECONDS = 20


class RefusedError(Exception):
    """Not a picture that we keep: the code of the answer, and what is wrong with the file."""

    def __init__(self, code: str, details: str | None = None) -> None:
        super().__init__(code)
        self.answer = {"refused": code, "details": details and {"image": [details]}}


def is_something_else(raw: bytes) -> bool:
    """Whether a browser, an unpacker or a reader of PDF could take these bytes for its own."""
    lower = raw.lower()
    return any(word in lower for word in PAGE) or b"%pdf-" in lower[:1024] or zipfile.is_zipfile(io.BytesIO(raw))


def in_plain_colours(image: Image.Image, kind: str) -> Image.Image:
    """The picture in 8 bits of sRGB or grey, its transparency kept: what is shown alike without a profile."""
    profile, transparency = image.info.get("icc_profile"), image.info.get("transparency")
    # What was written about the picture is not the picture.
    image.info = {} if transparency is None else {"transparency": transparency}
    if kind == "PNG" and image.mode in {"1", "P"} and not profile:
        return image
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        # Pillow cuts off what is above 255; the upper eight of sixteen bits are meant.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode not in {"L", "LA", "RGB", "RGBA", "CMYK"} or transparency is not None:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if profile and image.mode != "LA":
        try:
            wanted = "RGBA" if image.mode == "RGBA" else "RGB"
            source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, source, target, outputMode=wanted) or image
        except (ImageCms.PyCMSError, OSError):
            pass  # A damaged profile is as good as none.
    return image.convert("RGB") if image.mode == "CMYK" else image


def has_only_pixels(raw: bytes, kind: str) -> bool:
    """Whether a file is made of what `clean` writes: to write it anew would cost quality and remove nothing."""
    if kind == "WEBP":
        chunks, at = [], 12
        while at < len(raw):
            chunks.append(raw[at : at + 4])
            at += 8 + (size := int.from_bytes(raw[at + 4 : at + 8], "little")) + size % 2
        return at == len(raw) == int.from_bytes(raw[4:8], "little") + 8 and (
            # Of the extended kind, nothing but transparency.
            chunks in ([b"VP8 "], [b"VP8L"]) or (chunks == [b"VP8X", b"ALPH", b"VP8 "] and raw[20] == 0x10)
        )
    if kind != "JPEG" or not raw.startswith(b"\xff\xd8\xff\xe0\0\x10JFIF\0"):
        return False
    at = 20
    # Tables, frame, scans; what is in a scan ends before the next marker.
    while re.match(rb"\xff[\xc0\xc2\xc4\xda\xdb]", raw[at : at + 2]):
        is_scan = raw[at + 1] == 0xDA
        at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
        if is_scan and (marker := re.compile(rb"\xff[^\0\xd0-\xd7]").search(raw, at)):
            at = marker.start()
    return raw[at:] == b"\xff\xd9"


def clean(raw: bytes, largest_pixels: int, keep: bool = False) -> tuple[str, int, int, bytes]:
    """Kind, width, height and a new file with nothing but pixels in it. Raises RefusedError.

    With `keep`, a file that has nothing else in it already is decoded all the same, and stays as it is.
    """
    too_large = RefusedError("picture_too_large", f"At most {largest_pixels} pixels, and {LONGEST_SIDE} on a side.")
    if is_something_else(raw):
        raise RefusedError("not_a_picture")
    # Above this Pillow warns before it decodes, and warnings are errors here.
    Image.MAX_IMAGE_PIXELS = largest_pixels
    try:
        with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(raw), formats=READ) as opened:
            kind = KINDS[opened.format or ""]
            if opened.width * opened.height > largest_pixels or max(opened.size) > LONGEST_SIDE:
                raise too_large
            opened.load()
            if keep and has_only_pixels(raw, opened.format or ""):
                return kind, opened.width, opened.height, raw
            plain = in_plain_colours(ImageOps.exif_transpose(opened), kind)
            if kind == "JPEG" and plain.mode not in {"L", "RGB"}:
                plain = plain.convert("RGB")
            made = io.BytesIO()
            plain.save(made, kind, **OPTIONS[kind])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_large from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        KeyError,
        IndexError,
        TypeError,
        struct.error,
        MemoryError,
        Warning,
    ):
        # Pillow's decoders raise all of these for damaged files.
        raise RefusedError("not_a_picture") from None
    return kind, plain.width, plain.height, made.getvalue()


def shrink(raw: bytes, widths: tuple[int, ...]) -> dict[int, bytes]:
    """WebP copies of a cleaned picture, none wider than it is itself."""
    copies = {}
    with Image.open(io.BytesIO(raw), formats=READ) as opened:
        # Colours of a palette cannot be mixed; what has none stays as it is, since a JPEG can be read at half its size.
        plain = "RGBA" if opened.has_transparency_data else "RGB"
        image: Image.Image = opened.convert(plain) if opened.mode in {"1", "P"} else opened
        for width in sorted(widths, reverse=True):
            # The larger copy is the source of the smaller one.
            image.thumbnail((width, image.height * width // image.width + 1), reducing_gap=3.0)
            made = io.BytesIO()
            image.save(made, "WEBP", quality=80, method=4)
            copies[width] = made.getvalue()
    return copies


def main() -> None:
    """Clean one file, within limits that the kernel keeps."""
    # The shop goes first.
    os.nice(10)
    largest_pixels = int(sys.argv[1])
    memory = MEMORY_BYTES + BYTES_A_PIXEL * largest_pixels
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        kind, width, height, made = clean(sys.stdin.buffer.read(), largest_pixels, "keep" in sys.argv)
    except RefusedError as refused:
        sys.stdout.buffer.write(json.dumps(refused.answer).encode() + b"\n")
    else:
        sys.stdout.buffer.write(json.dumps({"kind": kind, "width": width, "height": height}).encode() + b"\n" + made)


if __name__ == "__main__":
    main()
