"""What a backup says of itself: made by whom, when, of what, with every count and digest (commands.md)."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from django.utils.translation import gettext as _

from tenants.backups.errors import DamagedError

FORMAT: Final = 1


@dataclass(frozen=True)
class Part:
    """One piece of the file's content: where it begins, how long it is as it stands, and what comes out of it.

    `size` and `sha256` are those of the plain content; `rows` those of a table or the number
    of files; `packed`: by zstd.
    """

    name: str
    offset: int
    length: int
    size: int
    sha256: str
    rows: int = 0
    columns: tuple[str, ...] = ()
    packed: bool = True


@dataclass(frozen=True)
class Manifest:
    """The table of contents, sealed with the file.

    `heads` are the names of all migrations that were applied; `counts` the rows of each table as a whole, also of those
    of which an increment holds a part; `sums` the checksums of
    each, in an increment; `mark` is where the next increment begins; `base` the id of the backup before.
    """

    id: str
    kind: str
    made_at: str
    program: str
    tenant: dict[str, str] | None = None
    heads: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    database: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    mark: str = ""
    base: str = ""
    parts: tuple[Part, ...] = ()
    format: int = FORMAT

    def part(self, name: str) -> Part:
        """Return a part by its name; DamagedError when there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise DamagedError(_("The backup has no part “%(name)s”.") % {"name": name})

    def under(self, prefix: str) -> list[Part]:
        """Return the parts whose names begin so, in the file's order."""
        return [part for part in self.parts if part.name.startswith(prefix)]

    def to_json(self) -> bytes:
        """Return it as it stands in the file."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read it; DamagedError for what no Charla up to this version wrote."""
        told: dict[str, Any] = json.loads(data)
        if told.get("format") != FORMAT:
            raise DamagedError(_("This backup was made by a newer Charla: restore it with that version."))
        parts = tuple(Part(**{**part, "columns": tuple(part["columns"])}) for part in told.pop("parts"))
        return cls(**told, parts=parts)
