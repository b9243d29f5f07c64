"""Hash and check passwords: argon2id with the parameters that OWASP asks for, or better, a few at a time."""

import asyncio
import base64
import hashlib
import hmac
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn_rs_py import zxcvbn

from extensions.config import settings
from extensions.problems import Problem

OLD = "pbkdf2_sha256$"
SHORTEST, LONGEST = 10, 128
# Hashing burns a core for some 30 ms: one core at least is left to the shop. Whoever would wait for more than this
# many others is told to come again.
AT_ONCE, LONGEST_LINE = max(1, min(4, (os.cpu_count() or 1) - 1)), 128
Answer = TypeVar("Answer")


def step_back() -> None:
    """Where there is too little for all, the shop comes first; only on Linux this concerns the calling thread alone."""
    if sys.platform == "linux":
        os.nice(10)


POOL = ThreadPoolExecutor(AT_ONCE, "argon2", initializer=step_back)


class Line:
    """Where people wait: some are served at once, and whoever finds the line too long is told to come again."""

    def __init__(self, at_once: int) -> None:
        self.length, self.places = 0, asyncio.Semaphore(at_once)

    async def __aenter__(self) -> None:
        """Wait for one's turn. Raises Problem 503 when too many wait."""
        if self.length >= LONGEST_LINE:
            message = "Too many people are signing in; try again."
            raise Problem(503, "unavailable", message, headers={"Retry-After": "2"})
        self.length += 1
        try:
            await self.places.acquire()
        except BaseException:
            self.length -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        """The next one, please."""
        self.length -= 1
        self.places.release()


# A login asks the database five times, too. In a line of its own all of it keeps to as many cores as its hashing does:
# with one more inside, the catalogue's slowest answers took twice as long.
HASHING, LOGINS = Line(AT_ONCE), Line(AT_ONCE)


@lru_cache
def hasher() -> PasswordHasher:
    """Argon2id with today's parameters; what was hashed with others is hashed anew at the next login."""
    return PasswordHasher(settings().argon2_time_cost, settings().argon2_memory_kib, parallelism=1)


def hash_password(password: str) -> str:
    """The PHC string of a password."""
    return hasher().hash(password)


@lru_cache
def nobodys_hash() -> str:
    """A hash to check against when there is no account, so that this takes as long as when there is one."""
    return hasher().hash("nobody has this password")


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is right; for no stored hash the same work is done for nothing."""
    if stored is not None and stored.startswith(OLD):
        return verify_old(stored, password)
    try:
        return hasher().verify(stored or nobodys_hash(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def verify_old(stored: str, password: str) -> bool:
    """The same for a hash that a shop on Django brings along: pbkdf2_sha256$rounds$salt$hash."""
    try:
        _, rounds, salt, wanted = stored.split("$")
        made = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(rounds))
    except (ValueError, OverflowError):
        return False
    return hmac.compare_digest(base64.b64encode(made), wanted.encode())


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made in an older way or with other parameters than today's."""
    return stored.startswith(OLD) or hasher().check_needs_rehash(stored)


def why_refused(password: str, email: str) -> str:
    """What is wrong with a new password, empty if nothing (NIST SP 800-63B: length counts, composition does not).

    zxcvbn knows common ones, names, patterns, and what people make of them; below three, 10^8 guesses are enough.
    """
    if len(password) < SHORTEST:
        return f"This password is too short: it needs at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"This password is too long: at most {LONGEST} characters."
    if int(zxcvbn(password, [email, email.partition("@")[0], "pgshop"]).score) < 3:
        return "This password is too easy to guess: it is common, a pattern, or too close to the address."
    return ""


async def in_pool(act: Callable[..., Answer], *arguments: object) -> Answer:
    """Act off the event loop, as soon as it is one's turn. Raises Problem 503 when too many wait."""
    async with HASHING:
        return await asyncio.get_running_loop().run_in_executor(POOL, act, *arguments)


async def hash_in_pool(password: str) -> str:
    """`hash_password` off the event loop."""
    return await in_pool(hash_password, password)


async def verify_in_pool(stored: str | None, password: str) -> bool:
    """`verify_password` off the event loop."""
    return await in_pool(verify_password, stored, password)
