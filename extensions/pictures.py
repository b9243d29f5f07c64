"""Upload of pictures: taken as multipart, cleaned by a program of its own, stored, and then written down."""

import asyncio
import json
import re
import sys
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from anyio import to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from extensions.accounts import authenticate, throttle
from extensions.bodies import Body, NoWords, PictureWords
from extensions.config import settings
from extensions.database import call
from extensions.problems import Problem
from extensions.storage import name_of, storage, type_of

# The names that uploads and their copies get, as in gateway/nginx.conf.j2.
UPLOAD = re.compile(r"(products|categories|avatars)/[0-9a-f]{32}(-[0-9]+)?\.(jpg|png|webp)")
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
# For the decoder, and for its turn: together less than nginx waits.
SECONDS, PATIENCE = 20, 12
# Decoding takes a processor each, and the rest of the shop wants some as well.
AT_ONCE = asyncio.Semaphore(2)
log = structlog.get_logger()


def refuse_picture(code: str, details: dict[str, list[str]] | None = None) -> Problem:
    """Why a file is not kept."""
    if code == "picture_too_large":
        return Problem(422, "picture_too_large", "The picture has too many pixels.", details=details)
    return Problem(
        422, "not_a_picture", "The file is no JPEG, PNG, WebP or GIF, or it is damaged, or something else as well."
    )


def busy() -> Problem:
    """Not now."""
    return Problem(503, "unavailable", "The shop is busy or starting; try again.", headers={"Retry-After": "1"})


def nothing() -> Problem:
    """No such file."""
    return Problem(404, "not_found", "There is nothing at this address.")


async def clean(raw: bytes, *more: str) -> tuple[str, int, int, bytes]:
    """Extension, width, height and the bytes to keep; `more` is for the program. Raises Problem 422."""
    command = [sys.executable, "-I", "-m", "extensions.imaging", str(settings().picture_pixels), *more]
    try:
        await asyncio.wait_for(AT_ONCE.acquire(), PATIENCE)
    except TimeoutError:
        raise busy() from None
    try:
        # Of our environment it gets nothing: it reads what strangers have made.
        process = await asyncio.create_subprocess_exec(
            *command,
            env={},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            said, complaint = await asyncio.wait_for(process.communicate(raw), SECONDS)
        except TimeoutError:
            said, complaint = b"", b"too slow"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    finally:
        AT_ONCE.release()
    head, _, made = said.partition(b"\n")
    if process.returncode != 0 or not head:
        log.warning("picture not decoded", status=process.returncode, error=complaint[-300:].decode(errors="replace"))
        raise refuse_picture("not_a_picture")
    answer = json.loads(head)
    if "refused" in answer:
        raise refuse_picture(answer["refused"], answer["details"])
    return EXTENSIONS[answer["kind"]], answer["width"], answer["height"], made


def form_of(request: Request) -> AbstractAsyncContextManager[FormData]:
    """The fields, read on entering. Raises Problem 415, HTTPException 400."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Problem(415, "unsupported_media_type", "The body must be multipart/form-data.")
    return request.form(max_files=1, max_fields=8, max_part_size=64 * 1024)


async def upload(request: Request, room: str, words: type[Body]) -> dict[str, Any]:
    """Take the file of a request into `room`, for the thing of that slug or the caller. Raises Problem."""
    claims = await authenticate(request)
    pool, place = request.app.state.pool, {"claims": claims, "room": room, "slug": request.path_params.get("slug", "")}
    await call(pool, "picture_place", **place)
    if room == "avatars":
        # Decoding is dear, and of customers there are many.
        await throttle(request, f"picture {claims['sub']}", settings().picture_attempts)
    async with form_of(request) as form:
        file = form.get("image")
        # A form sends what was left empty as nothing, or not at all.
        given = words.model_validate(
            {name: text for name, text in form.multi_items() if name != "image" and text != ""}
        )
        if not isinstance(file, UploadFile):
            raise Problem(
                422,
                "validation_failed",
                "Some fields are missing or wrong.",
                details={"image": ["This file is required."]},
            )
        raw = await file.read()
    extension, width, height, made = await clean(raw)
    image = await call(pool, "name_picture", room=room, extension=extension)
    try:
        await to_thread.run_sync(storage().put, name_of(image), made)
    except OSError as error:
        log.error("picture not stored", error=str(error))
        raise busy() from None
    # Only what is there for good is written down.
    size = {"width": width, "height": height}
    return dict(await call(pool, "add_picture", **place, image=image, **size, **given.model_dump()))


async def product_image(request: Request) -> JSONResponse:
    """POST /api/v1/products/{slug}/images/."""
    return JSONResponse(await upload(request, "products", PictureWords), 201)


async def category_image(request: Request) -> JSONResponse:
    """POST /api/v1/products/categories/{slug}/image/: the picture there was gives way to it."""
    return JSONResponse(await upload(request, "categories", NoWords))


async def avatar(request: Request) -> JSONResponse:
    """POST /api/v1/users/me/avatar/: one's own picture, in place of the one there was."""
    return JSONResponse(await upload(request, "avatars", NoWords))


async def from_bucket(request: Request) -> Response:
    """A picture that lies in a bucket; nginx asks here when there is one."""
    name = request.path_params["name"]
    if not UPLOAD.fullmatch(name):
        raise nothing()
    try:
        data = await to_thread.run_sync(storage().get, name)
    except FileNotFoundError:
        raise nothing() from None
    except OSError as error:
        log.warning("bucket is away", error=str(error))
        raise busy() from None
    return Response(data, media_type=type_of(name), headers={"ETag": f'"{name.rpartition("/")[2]}"'})
