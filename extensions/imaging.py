"""Make a harmless picture of somebody's bytes: run as a program of its own, under limits, since decoders have faults.

`python -m extensions.imaging LARGEST_PIXELS` reads a file from stdin. It writes a line of JSON to stdout, either
`{"kind", "width", "height"}`, followed by the new file, or `{"refused": code}`.
"""

import io
import json
import resource
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
# What Python and the decoders need in any case, and for each pixel: the picture, two turned copies, what is written.
MEMORY_BYTES, BYTES_A_PIXEL = 512 << 20, 16
CPU_SECONDS = 20


class RefusedError(Exception):
    """Not a picture that we keep; the message is the code of the answer."""


def is_something_else(raw: bytes) -> bool:
    """Whether a browser, an unpacker or a reader of PDF could take these bytes for its own."""
    lower = raw.lower()
    return any(word in lower for word in PAGE) or b"%pdf-" in lower[:1024] or zipfile.is_zipfile(io.BytesIO(raw))


def in_plain_colours(image: Image.Image) -> Image.Image:
    """The picture in 8 bits of sRGB or grey, its transparency kept: what is shown alike without a profile."""
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        # Pillow cuts off what is above 255; the upper eight of sixteen bits are meant.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    profile = image.info.get("icc_profile")
    if image.mode not in {"L", "LA", "RGB", "RGBA", "CMYK"} or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if profile and image.mode != "LA":
        try:
            wanted = "RGBA" if image.mode == "RGBA" else "RGB"
            source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, source, target, outputMode=wanted) or image
        except ImageCms.PyCMSError:
            pass  # A damaged profile is as good as none.
    return image.convert("RGB") if image.mode == "CMYK" else image


def clean(raw: bytes, largest_pixels: int) -> tuple[str, int, int, bytes]:
    """Kind, width, height and a new file with nothing but pixels in it. Raises RefusedError."""
    if is_something_else(raw):
        raise RefusedError("not_a_picture")
    # Above this Pillow warns before it decodes, and warnings are errors here.
    Image.MAX_IMAGE_PIXELS = largest_pixels
    try:
        with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(raw), formats=READ) as opened:
            kind = KINDS[opened.format or ""]
            if opened.width * opened.height > largest_pixels:
                raise RefusedError("picture_too_large")
            opened.load()
            plain = in_plain_colours(ImageOps.exif_transpose(opened))
            # What was written about the picture is not the picture.
            plain.info.clear()
            if kind == "JPEG" and plain.mode not in {"L", "RGB"}:
                plain = plain.convert("RGB")
            made = io.BytesIO()
            plain.save(made, kind, **OPTIONS[kind])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RefusedError("picture_too_large") from None
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, MemoryError, Warning):
        # Pillow's decoders raise all of these for damaged files.
        raise RefusedError("not_a_picture") from None
    return kind, plain.width, plain.height, made.getvalue()


def shrink(raw: bytes, widths: tuple[int, ...]) -> dict[int, bytes]:
    """WebP copies of a cleaned picture, none wider than it is itself."""
    copies = {}
    with Image.open(io.BytesIO(raw), formats=READ) as image:
        for width in sorted(widths, reverse=True):
            # The larger copy is the source of the smaller one.
            image.thumbnail((width, image.height * width // image.width + 1), reducing_gap=3.0)
            made = io.BytesIO()
            image.save(made, "WEBP", quality=80, method=4)
            copies[width] = made.getvalue()
    return copies


def main() -> None:
    """Clean one file, within limits that the kernel keeps."""
    largest_pixels = int(sys.argv[1])
    memory = MEMORY_BYTES + BYTES_A_PIXEL * largest_pixels
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        kind, width, height, made = clean(sys.stdin.buffer.read(), largest_pixels)
    except RefusedError as refused:
        sys.stdout.buffer.write(json.dumps({"refused": str(refused)}).encode() + b"\n")
    else:
        sys.stdout.buffer.write(json.dumps({"kind": kind, "width": width, "height": height}).encode() + b"\n" + made)


if __name__ == "__main__":
    main()
