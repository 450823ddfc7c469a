"""What can go wrong when an agent answers, in the words of those who have to act on it."""

from typing import Literal

Reason = Literal[
    "credentials", "not_found", "quota", "rejected", "too_long", "filtered", "rate_limited", "unavailable",
    "unreachable", "refused_address", "too_slow", "unreadable", "empty", "switched_off", "no_key", "sealed", "resting",
]  # fmt: skip


class NoModelError(LookupError):
    """No language model can be used: none is set where one is needed, or the one that is set is switched off."""


class ProviderError(Exception):
    """A model gave no reply. The message is for staff and holds no secret; `reason` says what kind of failure it is.

    `retry_after` is in how many seconds the provider wants to be asked again, where it says so. `is_permanent`: asking
    again changes nothing (a wrong key, an unknown model, a conversation that is too long).
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Reason = "unavailable",
        retry_after: float | None = None,
        is_permanent: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after
        self.is_permanent = is_permanent


class NoAnswerError(Exception):
    """No model gave a reply, and the knowledge does not hold the answer either: a person has to go on."""
