"""Pictures in a bucket of S3."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from extensions.config import Settings
from extensions.storage import type_of


@contextmanager
def as_os_errors(name: str) -> Iterator[None]:
    """What the client raises, as what a disk would raise."""
    try:
        yield
    except S3Error as error:
        if error.code == "NoSuchKey":
            raise FileNotFoundError(name) from None
        raise OSError(f"S3 refuses {name}: {error.code}") from error
    except (MinioException, HTTPError) as error:
        raise OSError(f"S3 does not answer for {name}: {type(error).__name__}") from error


class Bucket:
    """A bucket of any service that speaks S3. The client may be shared by threads."""

    def __init__(self, settings: Settings) -> None:
        url = urlsplit(settings.s3_endpoint_url or "")
        access, secret = settings.s3_access_key, settings.s3_secret_key
        self.name = settings.s3_bucket or ""
        self.client = Minio(
            url.netloc,
            access.get_secret_value() if access else None,
            secret.get_secret_value() if secret else None,
            secure=url.scheme == "https",
            region=settings.s3_region,
            # The client's own patience is five minutes; somebody waits for this.
            http_client=PoolManager(
                timeout=Timeout(connect=3, read=15), maxsize=8, retries=Retry(1, backoff_factor=0.2)
            ),
        )

    def put(self, name: str, data: bytes) -> None:
        """S3 shows an object whole or not at all."""
        with as_os_errors(name):
            self.client.put_object(self.name, name, io.BytesIO(data), len(data), content_type=type_of(name))

    def get(self, name: str) -> bytes:
        """Raises FileNotFoundError."""
        with as_os_errors(name):
            answer = self.client.get_object(self.name, name)
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()

    def delete(self, name: str) -> None:
        """S3 does not mind what is gone already."""
        with as_os_errors(name):
            self.client.remove_object(self.name, name)
