"""When a delivery is tried again, and how long an endpoint that fails is left alone."""

import random
from datetime import timedelta
from typing import Final

# Seconds after the 1st, 2nd … failure of one delivery; from then on the last of them.
WAITS: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600, 86_400)
JITTER: Final = 0.2
GIVE_UP_AFTER: Final = timedelta(days=5)
# An endpoint that failed so often without a success between is called by one probe at a time.
FAILURES_BEFORE_REST: Final = 3
SHORTEST_REST, LONGEST_REST = 10.0, 3_600.0
LONGEST_WISH: Final = 86_400.0


def _with_jitter(seconds: float) -> float:
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - it spreads load, it keeps no secret


def wait_after(attempts: int, wished: float | None = None) -> float:
    """Return the seconds until a delivery that failed so often (from 1) is tried again.

    `wished` is what the endpoint asked for itself (Retry-After); it is heeded up to a day.
    """
    return max(_with_jitter(WAITS[min(attempts, len(WAITS)) - 1]), min(wished or 0.0, LONGEST_WISH))


def rest_after(failures: int, wished: float | None = None) -> float:
    """Return the seconds for which an endpoint is left alone after so many failures in a row; 0 for the first ones.

    `wished` is what it asked for itself (Retry-After).
    """
    rest = 0.0
    if failures >= FAILURES_BEFORE_REST:
        rest = min(SHORTEST_REST * 2.0 ** min(failures - FAILURES_BEFORE_REST, 20), LONGEST_REST)
    return max(_with_jitter(rest), min(wished or 0.0, LONGEST_WISH))
