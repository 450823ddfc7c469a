"""Importing files into a base: read, check, store in batches, report. Safe to run again."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from agents.models import KnowledgeBase
from agents.services.documents import Entry, Stored, store
from agents.services.importing.entries import Entries
from agents.services.importing.json_records import read_json, read_json_lines
from agents.services.importing.pages import read_html, read_markdown, read_text
from agents.services.importing.records import Problem, Record, Severity, UnreadableFileError
from agents.services.importing.sources import Source, describe, known
from agents.services.importing.tables import read_table
from agents.services.importing.xml_records import read_xml

Watch = Callable[[Iterator[Entry], str, int | None], Iterator[Entry]]
"""Wraps the entries of a file, with its name and how many they are where that is known: to show progress."""
Reader = Callable[[Source, Mapping[str, str]], Iterator[Record | Problem]]
READERS: Final[dict[str, Reader]] = {
    "csv": read_table,
    "json": read_json,
    "jsonl": read_json_lines,
    "xml": read_xml,
    "markdown": read_markdown,
    "html": read_html,
    "text": read_text,
}
PROBLEMS_KEPT: Final = 1000
STRICT, LENIENT = "strict", "lenient"


@dataclass(frozen=True)
class ImportOptions:
    """How files are read and stored."""

    format: str = ""
    encoding: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    level: str = ""
    batch_size: int = 0
    dry_run: bool = False

    @property
    def strict(self) -> bool:
        """Whether a file with an error is left out as a whole (IMPORT_VALIDATION_LEVEL)."""
        return (self.level or settings.MANAGEMENT_COMMANDS["import"]["validation_level"]) == STRICT

    @property
    def entries_a_batch(self) -> int:
        """How many entries one transaction stores (IMPORT_BATCH_SIZE)."""
        return self.batch_size or int(settings.MANAGEMENT_COMMANDS["import"]["batch_size"])


@dataclass
class FileReport:
    """What became of one file. Problems beyond the first PROBLEMS_KEPT are counted, not kept."""

    file: str
    format: str = ""
    encoding: str = ""
    entries: int = 0
    stored: Stored = field(default_factory=Stored)
    refused: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """Return how many errors there are."""
        return self.counts[Severity.ERROR]

    def tell(self, problem: Problem) -> None:
        """Take note of a problem."""
        self.counts[problem.severity] += 1
        self.counts[problem.code] += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(problem)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return {
            "file": self.file, "format": self.format, "encoding": self.encoding, "entries": self.entries,
            "refused": self.refused, **asdict(self.stored), "duplicates": self.counts["duplicate"],
            "errors": self.errors, "warnings": self.counts[Severity.WARNING],
            "problems": [asdict(problem) for problem in self.problems],
        }  # fmt: skip


@dataclass
class ImportReport:
    """What became of all files of a run."""

    base: str
    files: list[FileReport] = field(default_factory=list)

    @property
    def stored(self) -> Stored:
        """Return the sum over the files."""
        return sum((report.stored for report in self.files), Stored())

    @property
    def errors(self) -> int:
        """Return how many errors there are in all files."""
        return sum(report.errors for report in self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        totals = {**asdict(self.stored), "errors": self.errors}
        return {"base": self.base, **totals, "files": [report.as_dict() for report in self.files]}


class Importer:
    """One run over some files into one base, in a tenant's scope without an open transaction."""

    def __init__(
        self, base: KnowledgeBase, options: ImportOptions, watch: Watch = lambda entries, name, total: entries
    ):
        self.base, self.options, self.watch = base, options, watch
        self.entries = Entries(options.mapping)

    def run(self, paths: Sequence[Path], *, names: Sequence[str] = ()) -> ImportReport:
        """Import files in order; `names` are what they are called for people, where a path does not tell."""
        report = ImportReport(self.base.name)
        for path, name in zip(paths, names or [path.name for path in paths], strict=True):
            file_report = FileReport(name)
            report.files.append(file_report)
            try:
                self._file(path, file_report)
            except (UnreadableFileError, OSError, UnicodeError) as error:
                file_report.tell(Problem(0, "unreadable", str(error)))
                file_report.refused = not file_report.stored.created + file_report.stored.updated
        return report

    def _file(self, path: Path, report: FileReport) -> None:
        source = describe(path, name=report.file, format_=self.options.format, encoding=self.options.encoding)
        report.format, report.encoding = source.format, source.encoding
        total = self._check(source, report) if self.options.strict else None
        if self.options.strict and report.errors:
            report.refused = True
            return
        # Strict: the file is read twice, checked to its end first, since batches are committed as they come.
        if self.options.strict:
            report.counts.clear()
            report.problems.clear()
        entries = self.watch(self._entries(source, self.entries, report), source.name, total)
        while batch := list(islice(entries, self.options.entries_a_batch)):
            with transaction.atomic():
                report.stored += store(self.base, batch, dry_run=self.options.dry_run)
            report.entries += len(batch)
        if not report.entries and not report.errors:
            report.tell(Problem(0, "nothing", _("There is nothing to import in it."), Severity.WARNING))

    def _check(self, source: Source, report: FileReport) -> int:
        """Read a file to its end, take note of its problems, and return how many entries are in it."""
        return sum(1 for _entry in self._entries(source, Entries(self.options.mapping), report))

    def _entries(self, source: Source, entries: Entries, report: FileReport) -> Iterator[Entry]:
        for item in READERS[source.format](source, self.options.mapping):
            found = entries.read(item, source.name) if isinstance(item, Record) else iter((item,))
            for entry in found:
                if isinstance(entry, Problem):
                    report.tell(entry)
                else:
                    yield entry


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder that can be imported by their names, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and known(path))
