"""Silence for bulk work, which then does in bulk what the receivers would have done."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_muted: ContextVar[bool] = ContextVar("charla_muted_signals", default=False)


@contextmanager
def muted_signals() -> Iterator[None]:
    """Mute the receivers of chats in this thread or task alone: disconnecting would mute all others too."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)


def are_muted() -> bool:
    """Tell receivers whether to stay quiet."""
    return _muted.get()
