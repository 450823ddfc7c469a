"""What pydantic-ai says of a failed request, in our words."""

from collections.abc import Iterator
from typing import Final

from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
)

from agents.errors import ProviderError, Reason
from agents.services.answering import shorten
from notifications.outgoing import OutgoingRefusedError

LONGEST_DETAIL: Final = 300
# The first that fits; the flag: asking again changes nothing.
REASONS: Final[tuple[tuple[type[AgentRunError], Reason, bool], ...]] = (
    (ModelAuthenticationError, "credentials", True),
    (ModelNotFoundError, "not_found", True),
    (ModelQuotaExceededError, "quota", True),
    (ModelContextWindowExceededError, "too_long", True),
    (ModelRequestRejectedError, "rejected", True),
    (ModelRateLimitError, "rate_limited", False),
    (ModelUnavailableError, "unavailable", False),
    (ModelServerError, "unavailable", False),
    (ModelTimeoutError, "too_slow", False),
    (ModelRequestTimeout, "too_slow", False),
    (ModelConnectionError, "unreachable", False),
)


def failure_of(error: AgentRunError, model: str, secret: str) -> ProviderError:
    """Return the error as ours; its message names the model and what the provider said, without the secret."""
    refused = next((cause for cause in _causes(error) if isinstance(cause, OutgoingRefusedError)), None)
    if refused is not None:
        return ProviderError(f"{model}: {refused}", reason="refused_address", is_permanent=True)
    reason, is_permanent = next(
        ((reason, flag) for kind, reason, flag in REASONS if isinstance(error, kind)), ("unreadable", False)
    )
    detail = _detail(error)
    if secret:
        detail = detail.replace(secret, "…")
    retry_after = error.retry_after if isinstance(error, ModelAPIError) else None
    return ProviderError(
        f"{model}: {shorten(detail, LONGEST_DETAIL)}",
        reason=reason,
        retry_after=retry_after,
        is_permanent=is_permanent,
    )


def _detail(error: AgentRunError) -> str:
    status = f"HTTP {error.status_code} " if isinstance(error, ModelHTTPError) else ""
    body = error.body if isinstance(error, ModelAPIError) else None
    inner = body.get("error", body) if isinstance(body, dict) else None
    said = inner.get("message") if isinstance(inner, dict) else None
    return f"{status}{said or ('' if status else error)}".strip() or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
