"""The services' refusals as answers of the API (decision 34)."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.exceptions import APIException, NotFound, Throttled, ValidationError

from chats.services.errors import (
    ChatClosedError,
    ChatError,
    ChatNotFoundError,
    UnfitFileError,
)

STATUS_OF_FILES = {"too_large": 413, "unsupported_type": 415}


class Conflict(APIException):
    """409."""

    status_code = 409
    default_code = "conflict"


class UnfitFile(APIException):
    """413 for what is too large, 415 for a kind that is not taken."""

    def __init__(self, error: UnfitFileError) -> None:
        self.status_code = STATUS_OF_FILES[error.code]
        super().__init__(error.message, code=error.code)


@contextmanager
def api_errors() -> Iterator[None]:
    """Turn a ChatError into the API's exception for it."""
    try:
        yield
    except ChatNotFoundError as error:
        raise NotFound(error.message) from error
    except ChatClosedError as error:
        raise Conflict(error.message, code=error.code) from error
    except UnfitFileError as error:
        if error.code in STATUS_OF_FILES:
            raise UnfitFile(error) from error
        raise ValidationError({"file": [error.message]}, code=error.code) from error
    except ChatError as error:
        if error.code == "conflict":
            raise Conflict(error.message, code=error.code) from error
        detail = [error.message]
        raise ValidationError({error.attr: detail} if error.attr else detail, code=error.code) from error


def too_fast(seconds: int) -> Throttled:
    """Return the 429 that says when to go on."""
    return Throttled(wait=seconds)
