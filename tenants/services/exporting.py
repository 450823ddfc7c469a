"""Exporting a tenant: every app's records, in one snapshot, to a file or several. The act itself is audited first."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.utils import timezone

from tenants.lifecycle import portable_kinds
from tenants.models import TenantModel
from tenants.portable.files import STANDARD_OUTPUT, new_file
from tenants.portable.formats import FORMATS, Format
from tenants.portable.kinds import Group, Kind
from tenants.portable.marks import current_mark, keep_mark, last_mark
from tenants.portable.reading import ENCODE, UNREADABLE, Wanted, count, dressed, one_snapshot, records
from tenants.scope import in_tenant
from tenants.signals import identity_changed

VERSION: Final = 1
HEADER: Final = "charla.export"
TRAILER: Final = "charla.end"
ROWS_AT_ONCE: Final = 500
Watch = Callable[[Iterator[int], int, str], Iterator[int]]
"""Wraps the steps of a kind (one a record), with how many they are and the kind's name: to show progress."""


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What is exported and how. `since_last` adds to `wanted`: what changed since the last export of these groups."""

    groups: Sequence[Group]
    format: str = "jsonl"
    wanted: Wanted = field(default_factory=Wanted)
    since_last: bool = False
    compress: bool = False

    @property
    def kinds(self) -> list[Kind]:
        """Return the kinds of records, in their order."""
        return [kind for _name, kind in portable_kinds.items() if kind.group in self.groups]

    @property
    def ending(self) -> str:
        """Return how the names of files end."""
        return f".{FORMATS[self.format].ending}{'.gz' if self.compress else ''}"

    @property
    def is_one_file(self) -> bool:
        """Whether all kinds go into one file."""
        return FORMATS[self.format].holds_all_kinds or len(self.kinds) == 1


@dataclass
class Exported:
    """What left: how many records of each kind, and the fields that no key opened (each as `kind: field`)."""

    path: Path
    counts: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)

    @property
    def bytes(self) -> int:
        """Return the size of what was written."""
        files = [self.path] if self.path.is_file() else list(self.path.glob("*")) if self.path.is_dir() else []
        return sum(file.stat().st_size for file in files)

    def as_dict(self) -> dict[str, Any]:
        """Return it for people's programs."""
        told: dict[str, Any] = {"path": str(self.path), "records": dict(self.counts), "bytes": self.bytes}
        return {**told, "unreadable": dict(self.unreadable)} if self.unreadable else told


def export_tenant(tenant: TenantModel, options: ExportOptions, path: Path, watch: Watch) -> Exported:
    """Write a tenant's records to `path`: a file, or a folder with a file a kind where the format takes one alone."""
    with in_tenant(tenant):
        identity_changed.send(
            sender=export_tenant, action="data_exported", user=None, tenant_id=tenant.pk, object_type="tenant",
            object_id=str(tenant.pk), details=_audited(options),
        )  # fmt: skip
    done = Exported(path)
    with one_snapshot(tenant):
        mark = current_mark()
        wanted = _wanted(options)
        header = _header(tenant, options, wanted)
        if options.is_one_file:
            _write(path, options, options.kinds, header, wanted, done, watch)
        else:
            for kind in options.kinds:
                _write(path / f"{kind.name}{options.ending}", options, [kind], header, wanted, done, watch)
    if path != STANDARD_OUTPUT and options.wanted == Wanted():
        with in_tenant(tenant):
            keep_mark(options.groups, mark)
    return done


def _wanted(options: ExportOptions) -> Wanted:
    since = last_mark(options.groups) if options.since_last else None
    return Wanted(begin=options.wanted.begin, end=options.wanted.end, since=since)


def _audited(options: ExportOptions) -> dict[str, Any]:
    asked = {"from": options.wanted.begin, "to": options.wanted.end, "since_last": options.since_last or None}
    told = {name: str(value) for name, value in asked.items() if value is not None}
    return {"types": ",".join(options.groups), "format": options.format, **told}


def _header(tenant: TenantModel, options: ExportOptions, wanted: Wanted) -> dict[str, Any]:
    return {
        "kind": HEADER,
        "version": VERSION,
        "tenant": tenant.name,
        "types": ",".join(options.groups),
        "exported_at": timezone.now().isoformat(),
        "is_part": wanted != Wanted(),
    }


def _write(
    path: Path, options: ExportOptions, kinds: Sequence[Kind], header: dict[str, Any], wanted: Wanted, done: Exported,
    watch: Watch,
) -> None:  # fmt: skip
    with ExitStack() as stack:
        stream = stack.enter_context(new_file(path, compress=options.compress))
        target = FORMATS[options.format](stream)
        target.begin(header, kinds)
        for kind in kinds:
            number = count(kind, wanted)
            # Where writing fails or Ctrl-C comes: while rows come the connection takes no ROLLBACK, it would wait for
            # ever.
            with closing(records(kind, wanted)) as found:
                for _step in watch(_records(kind, found, target, done), number, kind.name):
                    pass
        target.end({"kind": TRAILER, "counts": {kind.name: done.counts[kind.name] for kind in kinds}})


def _records(kind: Kind, found: Iterator[str], target: Format, done: Exported) -> Iterator[int]:
    """Write the records of a kind, some at once; yield once a record."""
    if kind.dress and target.holds_files:
        found = (ENCODE(dressed(kind, text)) for text in found)
    while batch := list(islice(found, 1 if kind.dress else ROWS_AT_ONCE)):
        target.write(kind, batch)
        done.counts[kind.name] += len(batch)
        for text in batch:
            if UNREADABLE in text:
                _note_unreadable(kind, text, done)
        yield from range(len(batch))


def _note_unreadable(kind: Kind, text: str, done: Exported) -> None:
    for name in json.loads(text).get(UNREADABLE, ()):
        done.unreadable[f"{kind.name}: {name}"] += 1
