"""How fast one visitor may write, whatever the door: 20 messages at once, two a second after that."""

from typing import Any, Final

from django.utils.translation import gettext as _

from chats.services.errors import ChatError
from chats.services.messages import Posted, post_message
from tenants.callers import Caller
from tenants.limits import Bucket, Cost, charge, take

BURST: Final = 20
PER_SECOND: Final = 2


class TooFastError(ChatError):
    """The caller has used up what it may: it waits."""

    code = "rate_limited"

    def __init__(self, seconds: int) -> None:
        super().__init__(_("Too fast. Wait %(wait)s s.") % {"wait": seconds})


def seconds_to_wait(caller: Caller) -> int:
    """Count one message of a visitor; return 0 when it may pass, else the seconds after which it may.

    For a request, which has paid for the message at the API's door.
    """
    return take(_own(caller)).wait if caller.is_visitor else 0


def post_paid(caller: Caller, **draft: Any) -> Posted:
    """Accept a message that comes by a socket, once its caller has paid for it; raise TooFastError, or a ChatError."""
    level = charge(caller, Cost.MESSAGE, *_own(caller))
    if not level.allowed:
        raise TooFastError(level.wait)
    return post_message(**draft)


def _own(caller: Caller) -> list[tuple[Bucket, float]]:
    if not caller.is_visitor:
        return []
    return [(Bucket(f"pace:{caller.tenant_id}:{caller.contact_id}", BURST, PER_SECOND), 1)]
