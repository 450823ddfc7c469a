"""The pieces of a reply in frames: the first at once, then what came within each pause together."""

import time
from collections.abc import Iterator

from agents.replies import Reply


def gathered(parts: Iterator[str | Reply], seconds: float) -> Iterator[str | Reply]:
    """Yield the text of the parts at most once in so many seconds, the first at once, and the Reply when it comes.

    Text that the Reply overtakes is not yielded by itself: the Reply holds all of it.
    """
    held, last = "", 0.0
    for part in parts:
        if isinstance(part, Reply):
            yield part
            return
        held += part
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            yield held
            held = ""
