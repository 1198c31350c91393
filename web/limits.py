"""Limits on load: token buckets in memory, on the machine's clock. Over the limit: 429 with Retry-After."""

import time
from collections import OrderedDict

from web.errors import TooMany

MOST_BUCKETS = 20_000


class Limiter:
    """Buckets by name and key. A bucket holds one second's worth at least, and forgets the oldest keys when there are many."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, name: str, key: str, *, a_second: float, burst: float) -> None:
        """Take one from a bucket, or raise `TooMany` with the seconds until there is one again."""
        now = time.monotonic()
        left, at = self._buckets.pop((name, key), (burst, now))
        left = min(burst, left + (now - at) * a_second)
        if left < 1:
            self._buckets[(name, key)] = (left, now)
            wait_s = max(1, round((1 - left) / a_second))
            raise TooMany(f"Too many requests of this kind. Try again in {wait_s} s.", retry_after_s=wait_s)
        self._buckets[(name, key)] = (left - 1, now)
        while len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
