"""Much work in batches that hold nobody up: each a short transaction, with a rest after it."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

FIRST_SIZE: Final = 20
WANTED_SECONDS: Final = 0.02
# The database ends a statement of a batch that takes longer, and the commit: nobody waits for a lock for longer.
LONGEST_MS: Final = 80
# A batch is followed by a rest of as many times its own length: the others have the disk and the processor meanwhile.
REST: Final = 3.0
TOO_LARGE: Final = (QueryCanceled, DeadlockDetected, LockNotAvailable)


class Batches:
    """Runs batches whose size follows how long they take: at most CLEANUP_BATCH_SIZE rows, at least one."""

    def __init__(self) -> None:
        self.most: int = settings.MANAGEMENT_COMMANDS["cleanup"]["batch_size"]
        self.size = min(FIRST_SIZE, self.most)

    def each(self, remove: Callable[[int], int]) -> Iterator[int]:
        """Call `remove` with a number of rows, each time in a transaction, until it returns 0; yield the results."""
        while True:
            began = time.monotonic()
            removed = self._one(remove)
            took = time.monotonic() - began
            if removed is None:
                continue
            if removed == 0:
                return
            yield removed
            if took > WANTED_SECONDS:
                self.size = max(1, int(self.size * WANTED_SECONDS / took))
            elif removed >= self.size:
                self.size = min(self.most, self.size * 2)
            time.sleep(took * REST)

    def _one(self, remove: Callable[[int], int]) -> int | None:
        """Return how many went; None for a batch that was too large or in another's way: a smaller one comes next."""
        try:
            with transaction.atomic():
                if self.size > 1:  # what does not fit into the time by itself takes what it takes
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(LONGEST_MS)])
                return remove(self.size)
        except OperationalError as error:
            if not isinstance(error.__cause__, TOO_LARGE) or self.size == 1:
                raise
            self.size = max(1, self.size // 2)
            return None
