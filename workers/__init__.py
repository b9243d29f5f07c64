"""Celery workers: everything that may happen later, driven by rows of shop.outbox."""
