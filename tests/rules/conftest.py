"""Rules ask the database as its superuser."""

from tests.databases import scratch, superuser, superuser_url

__all__ = ["scratch", "superuser", "superuser_url"]
