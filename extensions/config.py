"""All settings of the shop, read once from the environment and `.env`; weak secrets are refused here."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

# Where containers have what must not be in an environment: a file each, named as the setting. Systemd names its place.
SECRETS = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/run/secrets"))
WEAK_WORDS = ("changeme", "secret", "password", "example", "insecure", "default")


class Settings(BaseSettings):
    """One field per environment variable; `.env.example` documents each.

    Empty values count as absent, so that a copied `.env.example` changes nothing.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    public_url: str = Field(
        "http://127.0.0.1:8000",
        pattern=r"^https?://[^\s\"'$\\]*[^\s\"'$\\/]$",
        description="Where the shop is reached from outside, without a slash at the end.",
    )
    shop_name: str = Field(
        "pgshop",
        description="The name on the landing page; mails have what admins set under /rest/v1/settings.",
    )
    environment: Literal["development", "production"] = Field(
        "development",
        description="`production` refuses the Stripe twin, the mail catcher and the demo shop.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )

    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL >= 15 by URL instead of the embedded one; a role that may create roles and schemas.",
    )
    service_database_url: SecretStr | None = Field(None, description="How the service logs in; derived when embedded.")
    worker_database_url: SecretStr | None = Field(None, description="How the workers log in; derived when embedded.")
    authenticator_database_url: SecretStr | None = Field(
        None, description="How PostgREST logs in; derived when embedded."
    )
    redis_url: SecretStr | None = Field(None, description="Redis or Valkey by URL instead of the embedded Valkey.")
    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:port (smtps:// for TLS) instead of the mail catcher."
    )
    mail_from: str = Field("pgshop <shop@pgshop.example>", description="Sender of every mail.")
    mail_web_url: str | None = Field(None, description="The mail catcher's page; set by the stack.")
    postgrest_url: str = Field("http://127.0.0.1:3000", description="Where PostgREST listens; set by the stack.")

    service_url: str = Field("http://127.0.0.1:8000", description="Where the service listens; set by the stack.")
    listen: str = Field(
        "127.0.0.1", pattern=r"^(\*|[0-9.]+)$", description="Address on which the gateway listens; `*` for all."
    )
    http_port: int = Field(
        8081, description="The gateway's port for HTTP from outside; under systemd, and in containers."
    )
    https_port: int = Field(8443, description="The gateway's port for HTTPS from outside, where TLS_FOLDER is given.")

    stripe_secret_key: SecretStr | None = Field(
        None, description="Secret key of Stripe, for tests or live; without it the Stripe twin runs."
    )
    stripe_webhook_secret: SecretStr | None = Field(None, description="whsec_…; goes with STRIPE_SECRET_KEY.")
    stripe_api_base: str | None = Field(None, description="Another Stripe API endpoint; set by the stack to its twin.")

    jwt_private_key: SecretStr | None = Field(
        None, description="Ed25519 keys, the newest first: PKCS#8 DER in base64, commas between; generated when absent."
    )
    jwt_keys_file: str | None = Field(
        None, description="A file with such keys, read again when it changes, instead of JWT_PRIVATE_KEY."
    )
    refresh_token_key: SecretStr | None = Field(
        None, description="32 bytes in base64 for refresh tokens; derived from the oldest JWT_PRIVATE_KEY when absent."
    )
    access_token_seconds: int = Field(900, ge=60, le=3600, description="Life of an access token, in seconds.")
    refresh_token_seconds: int = Field(604_800, ge=3600, description="Life of a session without use, in seconds.")
    argon2_memory_kib: int = Field(
        19_456, ge=19_456, description="Memory of a password's hash, in KiB; others are hashed anew at the next login."
    )
    argon2_time_cost: int = Field(2, ge=2, description="Passes over that memory.")
    login_attempts: int = Field(10, ge=1, description="Failed logins per account and address before 429.")
    login_window_seconds: int = Field(
        300, ge=1, description="The window in which LOGIN_ATTEMPTS are counted, in seconds."
    )
    register_attempts: int = Field(
        60, ge=1, description="Registrations per address and LOGIN_WINDOW_SECONDS before 429."
    )
    mail_attempts: int = Field(
        5, ge=1, description="Links of one kind mailed to one address in an hour; more are silently not sent."
    )
    staff_mfa: Literal["optional", "required"] = Field(
        "optional", description="`required` gives staff and admins without a second factor no session but one to enrol."
    )

    metrics_address: str | None = Field(
        None,
        pattern=r"^[\w.-]+:\d+$",
        description="host:port where the part `metrics` hears what was done and tells Prometheus; set by the stack.",
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="A collector of OpenTelemetry (OTLP over HTTP) that gets traces, like http://127.0.0.1:4318.",
    )
    worker_patience_seconds: int = Field(
        90, ge=3, description="A worker that begins no task for so long ends and is started anew, in seconds."
    )
    backup_recipient: str | None = Field(
        None, pattern=r"^age1[0-9a-z]+$", description="Public key of age for which backups are encrypted."
    )
    demo: bool = Field(False, description="Whether the landing page names the demo accounts; set by the stack.")
    cors_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Origins that browsers may call from, separated by commas; none by default."
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Addresses whose X-Forwarded-For is believed, separated by commas; none by default.",
    )
    tls_folder: str | None = Field(
        None,
        description="Folder with fullchain.pem and privkey.pem, where the gateway speaks TLS itself; containers only.",
    )
    body_limit: str = Field("256k", pattern=r"^[0-9]+[km]$", description="Largest request body, in nginx's notation.")
    upload_limit: str = Field(
        "12m", pattern=r"^[0-9]+[km]$", description="Largest upload of a picture, in nginx's notation."
    )
    picture_pixels: int = Field(
        25_000_000,
        ge=10_000,
        description="Largest picture, in pixels; bigger ones are refused before they are decoded.",
    )
    picture_attempts: int = Field(
        20, ge=1, description="Pictures of themselves that one account may upload in LOGIN_WINDOW_SECONDS before 429."
    )
    media_root: str = Field("media", description="The folder of pictures; set by the stack.")
    s3_endpoint_url: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]+$",
        description="https://host[:port] of an S3 service that keeps uploaded pictures instead of the folder.",
    )
    s3_bucket: str | None = Field(None, description="The bucket there; it has to exist.")
    s3_access_key: SecretStr | None = Field(None, description="Access key that may get, put and delete in S3_BUCKET.")
    s3_secret_key: SecretStr | None = Field(None, description="Secret key that goes with S3_ACCESS_KEY.")
    s3_region: str = Field("us-east-1", description="Region of S3_BUCKET.")
    rate_per_second: int = Field(200, ge=1, description="Requests a second from one address before 429.")
    cache_seconds: int = Field(
        1, ge=0, le=60, description="Greatest age of what visitors see of the catalogue, in seconds; 0 asks each time."
    )

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def split_at_commas(cls, value: object) -> object:
        """Turn `a, b` into a list."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("stripe_secret_key", "stripe_webhook_secret", "jwt_private_key", "refresh_token_key")
    @classmethod
    def refuse_weak(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse secrets that are short or look like a placeholder."""
        if value is not None:
            plain = value.get_secret_value()
            if len(plain) < 20 or any(word in plain.lower() for word in WEAK_WORDS):
                raise ValueError(
                    "too weak: at least 20 characters and no placeholder; leave it out to have one generated"
                )
        return value

    @model_validator(mode="after")
    def bucket_is_whole(self) -> Self:
        """Half an address of a bucket would only be noticed by the first upload."""
        given = [self.s3_endpoint_url, self.s3_bucket, self.s3_access_key, self.s3_secret_key]
        if any(given) and not all(given):
            raise ValueError("S3_ENDPOINT_URL, S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY go together; set all or none")
        return self

    @model_validator(mode="after")
    def stripe_is_whole(self) -> Self:
        """A Stripe key without its webhook secret could take money that no order learns of."""
        if (self.stripe_secret_key is None) != (self.stripe_webhook_secret is None):
            raise ValueError("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together; set both or neither")
        return self


@lru_cache
def settings() -> Settings:
    """The settings of this process. Raises pydantic.ValidationError with the names of what is wrong."""
    return Settings()
