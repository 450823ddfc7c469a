"""How fast one socket may send frames of whatever kind: counted here, for a socket lives in one process."""

import time
from typing import Final

BURST: Final = 60
PER_SECOND: Final = 10
# `resume` reads pages of messages; everything else passes a few bytes on.
COSTS: Final = {"resume": 5}
# Who goes on after so many refusals, without a pause in which the bucket is half full again, does not listen.
PATIENCE: Final = 100


class FramePace:
    """A socket's own bucket of frames."""

    def __init__(self) -> None:
        self.level: float = BURST
        self.at = time.monotonic()
        self.refused = 0

    def allows(self, kind: str) -> bool:
        """Count one frame; tell whether it may be acted on."""
        now = time.monotonic()
        self.level, self.at = min(BURST, self.level + (now - self.at) * PER_SECOND), now
        if self.level >= BURST / 2:
            self.refused = 0
        cost = COSTS.get(kind, 1)
        if self.level < cost:
            self.refused += 1
            return False
        self.level -= cost
        return True

    @property
    def is_exhausted(self) -> bool:
        """Whether the socket went on and on after it was told."""
        return self.refused > PATIENCE
