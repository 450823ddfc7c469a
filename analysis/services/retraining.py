"""When a tenant's intents are learnt anew: soon after a change, once for changes in a row."""

import time
from typing import Final

from analysis.services.jobs import order

INTENTS_JOB: Final = "intents"
# Whoever edits does so in a row: what changes within so many seconds is learnt at once, a moment after their end.
TOGETHER_SECONDS: Final = 15
CORRECTIONS_TOGETHER_SECONDS: Final = 300
MARGIN_SECONDS: Final = 3


def order_training(together: int | None = None) -> None:
    """Have the current tenant's classifier learnt anew, in the caller's transaction; once in `together` seconds."""
    seconds = together or TOGETHER_SECONDS
    now = time.time()
    slot = int(now // seconds)
    order(INTENTS_JOB, f"{seconds}.{slot}", delay=(slot + 1) * seconds - now + MARGIN_SECONDS)
