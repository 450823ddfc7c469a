"""Importing what was exported: looked through first, then stored in batches, each in a transaction of its own.

Stopped in the middle, whole batches are stored; the same file again adds what is missing, and nothing twice.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.lifecycle import after_import, portable_kinds
from tenants.models import TenantModel
from tenants.portable.belonging import Belonging
from tenants.portable.checking import BadRecordError, checked
from tenants.portable.existing import places_of_existing
from tenants.portable.kinds import Kind
from tenants.portable.sources import Line, NotAnExportError, read
from tenants.portable.storing import Conflict, Outcome, store
from tenants.scope import in_tenant
from tenants.services.exporting import HEADER, TRAILER, VERSION
from tenants.signals import identity_changed

PROBLEMS_KEPT: Final = 1_000
TENANT: Final = "tenant"
STRICT, LENIENT = "strict", "lenient"
Watch = Callable[[Iterator[int], int | None, str], Iterator[int]]


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How a file is stored. Level and batch size are the settings' unless they are given."""

    conflict: Conflict = Conflict.SKIP
    dry_run: bool = False
    level: str = ""

    @property
    def is_strict(self) -> bool:
        """Whether nothing is stored of a file with a bad record (IMPORT_VALIDATION_LEVEL)."""
        return (self.level or settings.MANAGEMENT_COMMANDS["import"]["validation_level"]) == STRICT

    @property
    def batch_size(self) -> int:
        """How many records a transaction stores (IMPORT_BATCH_SIZE)."""
        return int(settings.MANAGEMENT_COMMANDS["import"]["batch_size"])


@dataclass
class Imported:
    """What became of a file: counts by kind, and problems by line (the first PROBLEMS_KEPT; all are counted)."""

    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    unlinked: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[int, str]] = field(default_factory=list)
    bad: int = 0
    refused: str = ""

    def tell(self, line: int, problem: str) -> None:
        """Note a problem."""
        self.bad += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append((line, problem))

    def add(self, kind: Kind, batch: list[Line], done: Outcome) -> None:
        """Note what became of a batch."""
        for counter, count in (
            (self.created, done.created),
            (self.updated, done.updated),
            (self.skipped, done.skipped),
            (self.unlinked, done.unlinked),
            (self.left_out, done.left_out),
        ):
            if count:
                counter[kind.name] += count
        for place, problem in sorted(done.bad.items()):
            self.tell(batch[place].number, problem)

    def as_dict(self) -> dict[str, Any]:
        """Return it for people's programs."""
        counts = {name: dict(getattr(self, name)) for name in ("created", "updated", "skipped", "unlinked", "left_out")}
        problems = [{"line": line, "problem": problem} for line, problem in self.problems]
        return {**counts, "bad": self.bad, "refused": self.refused, "problems": problems}


def import_file(tenant: TenantModel, path: Path, options: ImportOptions, watch: Watch) -> Imported:
    """Store a file's records in a tenant; NotAnExportError for what is no export of ours, or of a newer program.

    With a reason under `refused` nothing was stored; what was bad is told by line, and the rest is stored.
    """
    looked = _look_through(tenant, path, options, watch)
    if looked.refused or options.dry_run:
        return looked
    with in_tenant(tenant):
        identity_changed.send(
            sender=import_file, action="data_imported", user=None, tenant_id=tenant.pk, object_type="tenant",
            object_id=str(tenant.pk), details={"conflict": options.conflict.value},
        )  # fmt: skip
    done = Imported()
    for _step in watch(_store_all(tenant, path, options, done), None, path.name):
        if done.bad and options.is_strict:
            done.refused = _("It stopped at a record that cannot be stored; what came before is stored.")
            return done
    for _name, step in after_import.items():
        step(tenant)
    return done


def _look_through(tenant: TenantModel, path: Path, options: ImportOptions, watch: Watch) -> Imported:
    """Go through the whole file without changing anything: what is bad in itself, and what is there already."""
    told, found = Imported(), Counter[str]()
    for _step in watch(_look(tenant, path, options, told, found), None, _("checking")):
        pass
    if told.bad and options.is_strict:
        told.refused = _("Nothing was stored: the file has bad records.")
    elif options.conflict is Conflict.FAIL and any(kind != TENANT for kind in told.skipped):
        told.refused = _("Nothing was stored: the tenant has some of these rows already.")
    return told


def _look(
    tenant: TenantModel, path: Path, options: ImportOptions, told: Imported, found: Counter[str]
) -> Iterator[int]:
    with Belonging() as belonging:
        yield from _look_at_batches(tenant, path, options, told, found, belonging)


def _look_at_batches(
    tenant: TenantModel, path: Path, options: ImportOptions, told: Imported, found: Counter[str], belonging: Belonging
) -> Iterator[int]:
    for kind, batch in _batches(path, options.batch_size, told, found):
        good = [line for line in batch if line.record is not None and _is_good(kind, line, told)]
        with in_tenant(tenant):
            problems = belonging.problems(kind, owner_of_public_ids(), [line.record or {} for line in good])
        for place, problem in problems.items():
            told.tell(good[place].number, f"{kind.name}: {problem}")
        good = [line for place, line in enumerate(good) if place not in problems]
        found_here = [line.record or {} for line in good]
        if kind.model is TenantModel:
            told.add(kind, good, _settle(tenant, kind, found_here, options.conflict, dry_run=True))
        else:
            with in_tenant(tenant):
                had = len(places_of_existing(kind, owner_of_public_ids(), found_here))
            updated = had if options.conflict is Conflict.UPDATE else 0
            told.add(kind, good, Outcome(created=len(good) - had, updated=updated, skipped=had - updated))
        yield from range(len(batch))


def _is_good(kind: Kind, line: Line, told: Imported) -> bool:
    try:
        checked(kind, line.record or {})
    except BadRecordError as error:
        told.tell(line.number, f"{kind.name}: {error}")
        return False
    return True


def _store_all(tenant: TenantModel, path: Path, options: ImportOptions, done: Imported) -> Iterator[int]:
    for kind, batch in _batches(path, options.batch_size, done, Counter()):
        with in_tenant(tenant):
            records = [line.record or {} for line in batch]
            if kind.model is TenantModel:
                outcome = _settle(tenant, kind, records, options.conflict)
            else:
                outcome = store(kind, owner_of_public_ids(), records, options.conflict)
        done.add(kind, batch, outcome)
        yield from range(len(batch))


def _settle(
    tenant: TenantModel, kind: Kind, records: list[dict[str, Any]], conflict: Conflict, *, dry_run: bool = False
) -> Outcome:
    """Give a tenant the settings of the file: one that has none of its own yet, or when rows are to be updated."""
    done = Outcome()
    for place, record in enumerate(records):
        tenant.refresh_from_db()
        if tenant.settings and conflict is not Conflict.UPDATE:
            done.skipped += 1
            continue
        try:
            values = checked(kind, record)
            if all(getattr(tenant, name) == value for name, value in values.items()):
                done.skipped += 1
                continue
            done.updated += 1
            if dry_run:
                continue
            for name, value in values.items():
                setattr(tenant, name, value)
            tenant.save(update_fields=[*kind.columns, "updated_at"])
        except (BadRecordError, ValidationError) as error:
            done.bad[place] = str(error)
    return done


def owner_of_public_ids() -> Kind:
    """Return the kind whose id is unique over all tenants."""
    return next(kind for _name, kind in portable_kinds.items() if kind.public_id)


def _batches(path: Path, size: int, told: Imported, found: Counter[str]) -> Iterator[tuple[Kind, list[Line]]]:
    """Yield the records of a file, as many of one kind as a transaction stores; what is no record is told."""
    kinds = {kind.name: kind for _name, kind in portable_kinds.items()}
    lines, last = read(path), Line(1, None)
    _check_header(next(lines, last))
    batch: list[Line] = []
    kind: Kind | None = None
    strange = 0
    for last in lines:
        name = str((last.record or {}).get("kind", ""))
        strange += last.record is None
        if strange > PROBLEMS_KEPT:
            raise NotAnExportError(_("It is no export of Charla in JSON or JSON Lines."))
        if batch and kind and (name != kind.name or len(batch) == (1 if kind.beside else size)):
            yield kind, batch
            batch = []
        if name == TRAILER:
            _check_counts(last, found, told)
            return
        found[name] += bool(name)
        kind = kinds.get(name)
        if kind is None:
            told.tell(last.number, last.problem or _("There is no kind of record “%(name)s”.") % {"name": name})
        elif not kind.importable:
            told.left_out[name] += 1
        else:
            batch.append(last)
    if batch and kind:
        yield kind, batch
    told.tell(last.number, _("The file is cut off: its last line is missing."))


def _check_header(line: Line) -> None:
    header = line.record or {}
    if header.get("kind") != HEADER:
        raise NotAnExportError(_("It is no export of Charla in JSON or JSON Lines."))
    if header.get("version") != VERSION:
        raise NotAnExportError(
            _("It was made by a newer program (version %(version)s).") % {"version": header.get("version")}
        )


def _check_counts(line: Line, found: Counter[str], told: Imported) -> None:
    counts = (line.record or {}).get("counts")
    told_counts = {name: count for name, count in counts.items() if count} if isinstance(counts, dict) else {}
    if told_counts != {name: count for name, count in found.items() if count}:
        told.tell(line.number, _("Records are missing, or there are too many: the counts at the end do not fit."))
