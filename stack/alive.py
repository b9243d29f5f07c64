"""Whether a part is well, asked by its container again and again: `python -m stack.alive PART`."""

import sys
import urllib.request

ASKED = {
    "service": "http://127.0.0.1:8000/health/live",
    "postgrest": "http://127.0.0.1:3001/ready",
    "metrics": "http://127.0.0.1:9100/metrics?name[]=process_cpu_seconds_total",
    "twin": "http://127.0.0.1:8001/health",
}


def is_alive(part: str) -> bool:
    """Whether a part answers, or has just shown that it works. Raises OSError, RedisError when it does not."""
    if part in ASKED:
        with urllib.request.urlopen(ASKED[part], timeout=3) as answer:  # noqa: S310 one of ours
            return bool(answer.status == 200)
    import redis

    from extensions.config import settings

    url = settings().redis_url
    with redis.Redis.from_url(url.get_secret_value() if url else "") as client:
        return bool(client.exists(f"pgshop:heartbeat:{part}"))


if __name__ == "__main__":
    sys.exit(0 if is_alive(*sys.argv[1:]) else 1)
