"""Hash and check passwords: argon2id with the parameters that OWASP asks for, or better."""

import asyncio
import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's minimum is m=19456 KiB, t=2, p=1.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
OLD = "pbkdf2_sha256$"
SHORTEST, LONGEST = 10, 128
# What guessers try first, alone or with digits and signs around; ten characters of it are no password.
COMMON = (
    *("password", "passwort", "passw", "qwertyuiop", "qwerty", "qwertz", "asdfghjkl", "asdf", "zxcvbnm", "1qaz2wsx"),
    *("1q2w3e4r", "abcdefgh", "abc", "letmein", "iloveyou", "welcome", "administrator", "admin", "football"),
    *("baseball", "princess", "sunshine", "superman", "dragon", "monkey", "master", "changeme", "secret", "login"),
    *("trustno", "whatever", "starwars", "michael", "jordan", "shadow", "pgshop"),
)
LOOKALIKES = str.maketrans("@0$!", "aosi")
# Hashing burns a core for some 30 ms: two at a time leave the rest of the machine to the shop.
POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def hash_password(password: str) -> str:
    """The PHC string of a password."""
    return HASHER.hash(password)


@lru_cache
def nobodys_hash() -> str:
    """A hash to check against when there is no account, so that this takes as long as when there is one."""
    return HASHER.hash("nobody has this password")


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is right; for no stored hash the same work is done for nothing."""
    if stored is not None and stored.startswith(OLD):
        return verify_old(stored, password)
    try:
        return HASHER.verify(stored or nobodys_hash(), password) and stored is not None
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
    """Whether the hash was made in an older way or with weaker parameters than today's."""
    return stored.startswith(OLD) or HASHER.check_needs_rehash(stored)


def is_common(lowered: str) -> bool:
    """Whether a password is made of common ones, with fewer than four letters of its own."""
    left = lowered
    for word in COMMON:
        left = left.replace(word, "")
    return left != lowered and sum(sign.isalpha() for sign in left) < 4


def why_refused(password: str, email: str) -> str:
    """What is wrong with a new password, empty if nothing (NIST SP 800-63B: length counts, composition does not)."""
    lowered = password.lower()
    if len(password) < SHORTEST:
        return f"This password is too short: it needs at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"This password is too long: at most {LONGEST} characters."
    if len(set(lowered)) < 4 or lowered.isdigit():
        return "This password is too simple."
    if is_common(lowered) or is_common(lowered.translate(LOOKALIKES)):
        return "This password is too common."
    if lowered in email.lower() or (
        email.lower().split("@")[0] in lowered and len(email.split("@", maxsplit=1)[0]) > 3
    ):
        return "This password is too similar to the address."
    return ""


async def hash_in_pool(password: str) -> str:
    """`hash_password` off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(POOL, hash_password, password)


async def verify_in_pool(stored: str | None, password: str) -> bool:
    """`verify_password` off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(POOL, verify_password, stored, password)
