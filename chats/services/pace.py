"""How fast one visitor may write: 20 messages in 5 seconds, in this process (limits across processes come apart)."""

import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from tenants.callers import Caller

MESSAGES = RateLimitItemPerSecond(20, 5)
_limiter = MovingWindowRateLimiter(MemoryStorage())


def seconds_to_wait(caller: Caller) -> int:
    """Count one message of a visitor; return 0 when it may pass, else the seconds after which it may."""
    if not caller.is_visitor or _limiter.hit(MESSAGES, str(caller.contact_id)):
        return 0
    reset_at = _limiter.get_window_stats(MESSAGES, str(caller.contact_id)).reset_time
    return max(1, round(reset_at - time.time()))
