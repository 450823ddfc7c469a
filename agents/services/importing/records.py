"""What readers of files give: records, and what is wrong with a place in a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """Whether a problem spoils a record (and, where the level is strict, its file) or is only worth telling."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """Something wrong at a line (or, in JSON and XML, at an item) of a file."""

    line: int
    code: str
    message: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True)
class Record:
    """A row, object or element of a file: fields by the names that the file gives them."""

    line: int
    fields: Mapping[str, Any]
    about: tuple[str, ...] = field(default=())
    """Names of what the record stands under, outermost first: the hotel whose questions these are."""


class UnreadableFileError(ValueError):
    """A file that cannot be read as a whole: its message says why, for people."""
