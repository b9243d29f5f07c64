"""The state folder of one stack: its ports, its secrets, its parts' folders and logs."""

import base64
import hashlib
import json
import os
import re
import secrets
import shlex
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stack.errors import StackError

# In start order. Those of EMBEDDED do not run when the setting beside them is given.
PARTS = ("postgres", "valkey", "mail", "twin", "postgrest", "service", "worker", "beat", "relay", "metrics", "nginx")
EMBEDDED = {"postgres": "database_url", "valkey": "redis_url", "mail": "smtp_url", "twin": "stripe_secret_key"}
PORTS = (*EMBEDDED, "mail_web", "postgrest", "postgrest_admin", "service", "metrics")
# Everything that a stack puts into its folder.
OWN = ("logs", "media", "parts", "lock", "secrets.*", "stack.*", "stripe-twin.sqlite3*", "supervisor.*")
SECRETS = ("superuser", "migrator", "authenticator", "service", "worker", "redis")


@dataclass
class State:
    """What a stack remembers. `data` is stack.json: public port, ports of parts, urls, and whether it has the demo."""

    folder: Path
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path) -> "State":
        """The state in `folder`, empty if there is none yet. Raises StackError when it cannot be read."""
        state = cls(folder.resolve())
        try:
            state.data = json.loads(state.file.read_text()) if state.file.exists() else {}
            if not is_sound(state.data):
                raise ValueError(f"{state.file.name} is not what pgshop wrote")
        except (OSError, ValueError) as error:
            raise StackError(
                f"The state in {state.folder} cannot be read: {error}",
                f"Remove {state.file} (it is made anew; no data is lost), or choose another --state.",
            ) from None
        return state

    @property
    def file(self) -> Path:
        """stack.json, readable by its owner only, since it holds URLs with passwords."""
        return self.folder / "stack.json"

    @property
    def option(self) -> str:
        """` --state …` as it is typed after a command; empty for the folder that is the default here."""
        return "" if self.folder == Path(".pgshop").resolve() else f" --state {shlex.quote(str(self.folder))}"

    @property
    def identity(self) -> str:
        """A short name for this folder, for what must live outside it."""
        return hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]

    @property
    def socket(self) -> Path:
        """Where the supervisor listens; in /tmp when the folder's path is too long for a unix socket (107 bytes)."""
        inside = self.folder / "supervisor.sock"
        return inside if len(os.fsencode(inside)) < 90 else Path(f"/tmp/pgshop-{self.identity}.sock")  # noqa: S108

    @property
    def media(self) -> Path:
        """Pictures, served by nginx under /media/."""
        return self.folder / "media"

    @property
    def signing_keys(self) -> Path:
        """The private keys for the service, which sees when they change."""
        return self.home("service") / "signing.keys"

    def home(self, part: str) -> Path:
        """The working folder of a part."""
        return self.folder / "parts" / part

    def log(self, part: str) -> Path:
        """The log file of a part; `stack` is the supervisor's own."""
        return self.folder / "logs" / f"{part}.log"

    def check_name(self) -> None:
        """Raises StackError when the path holds what the servers' configuration files would stumble over."""
        strange = sorted({sign for sign in str(self.folder) if not re.fullmatch(r"[\w /.,+@=:~()\[\]-]", sign)})
        if strange:
            raise StackError(
                f"The path of the state folder {self.folder} holds {' '.join(map(repr, strange))}.",
                "Choose a plainer one with --state: letters, digits, blanks and /.,+@=:~()[]-_.",
            )

    def make_folders(self, parts: list[str]) -> None:
        """Create what is missing. PostgreSQL runs as nobody under root, and on its way it may pass but not look."""
        modes = {self.folder: 0o711, self.folder / "parts": 0o711, self.media: 0o755, self.folder / "logs": 0o700}
        for folder, mode in {**modes, **{self.home(part): 0o700 for part in parts}}.items():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(mode)

    def purge(self) -> None:
        """Remove what is ours, and the folder if nothing else lies in it."""
        for name in OWN:
            for path in self.folder.glob(name):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        with suppress(OSError):
            self.folder.rmdir()

    def save(self) -> None:
        """Write stack.json, whole or not at all."""
        self.write_secret(self.file, json.dumps(self.data, indent=2))

    @staticmethod
    def write_secret(path: Path, text: str) -> None:
        """Write a file that only its owner reads, never half."""
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        fresh.replace(path)

    def secrets(self) -> dict[str, str]:
        """The generated secrets, made on the first call and kept in secrets.json (mode 0600). Raises StackError."""
        path = self.folder / "secrets.json"
        known: dict[str, str] = {}
        if path.exists():
            with suppress(ValueError):
                known = json.loads(path.read_text())
            if not isinstance(known, dict) or not known or not all(isinstance(word, str) for word in known.values()):
                raise StackError(
                    f"{path} is damaged.",
                    "The database knows these passwords: restore the file, or begin anew with "
                    f"`pgshop down --purge{self.option}`.",
                )
        wanted = {name: secrets.token_urlsafe(24) for name in SECRETS}
        wanted["stripe_secret_key"] = "sk_test_twin_" + secrets.token_hex(24)
        wanted["stripe_webhook_secret"] = "whsec_" + secrets.token_hex(24)
        if not wanted.keys() | {"jwt_private_key", "refresh_token_key"} <= known.keys():
            known = {**wanted, "jwt_private_key": new_signing_key(), **known}
            # A state from before they were apart has refresh tokens under the derived one.
            known = {"refresh_token_key": derived_refresh_key(known["jwt_private_key"]), **known}
            self.keep_secrets(known)
        return known

    def keep_secrets(self, known: dict[str, str]) -> None:
        """Write secrets.json, whole or not at all."""
        self.write_secret(self.folder / "secrets.json", json.dumps(known, indent=2))


def is_sound(data: object) -> bool:
    """Whether this can have been written by `save`."""
    return (
        isinstance(data, dict)
        and isinstance(data.get("port", 0), int)
        and isinstance(data.get("urls", {}), dict)
        and isinstance(data.get("ports", {}), dict)
        and all(isinstance(port, int) for port in data.get("ports", {}).values())
    )


def new_signing_key() -> str:
    """A fresh Ed25519 private key as one line of base64 (PKCS#8 DER)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    return base64.b64encode(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ).decode()


def derived_refresh_key(encoded: str) -> str:
    """What refresh tokens are made with where nothing else was said, in base64."""
    from extensions.keys import derive_refresh_key, read_keys

    return base64.b64encode(derive_refresh_key([*read_keys(encoded).values()][-1])).decode()
