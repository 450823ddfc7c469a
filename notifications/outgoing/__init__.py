"""The one way to call an address outside: webhooks, tools, models and chat services all go through it.

Source: architecture.md, "Safety at the edges". A name is resolved once, every address of it is checked, and that very
address is connected to; no proxy of the environment, no redirect, nothing that has no end.
"""

from notifications.outgoing.addresses import OutgoingRefusedError, check_url
from notifications.outgoing.clients import AnswerTooLongError, async_client, client
from notifications.outgoing.reading import read_beginning, read_beginning_async

__all__ = [
    "AnswerTooLongError",
    "OutgoingRefusedError",
    "async_client",
    "check_url",
    "client",
    "read_beginning",
    "read_beginning_async",
]
