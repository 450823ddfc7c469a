"""Personal data found in real texts, and what looking costs: python -m benchmarks.personal_data

The sets are read from the folder that CHARLA_DATASETS names: Presidio's sentences, and the lines of MEDDOCAN's reports.
Nothing is learnt from them, and nothing of them is kept in the project.
"""

import gzip
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

from benchmarks.figures import Report, machine, percentile, reporting

MOST_MS = 1.0
PRESIDIO = {
    "email": {"EMAIL_ADDRESS"},
    "card": {"CREDIT_CARD"},
    "iban": {"IBAN_CODE"},
    "national_id": {"US_SSN"},
    "telephone": {"PHONE_NUMBER"},
}
MEDDOCAN = {"email": {"CORREO_ELECTRONICO"}, "telephone": {"NUMERO_TELEFONO", "NUMERO_FAX"}}


@dataclass(frozen=True)
class Text:
    """A text and the kinds of what is marked in it, as its set calls them."""

    text: str
    marked: frozenset[str]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a set's file."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.splitlines() if line]


def sentences(path: Path) -> Iterator[Text]:
    """Yield a set's texts."""
    for row in rows_of(path):
        yield Text(row["text"], frozenset(span["type"] for span in row["spans"]))


def lines(path: Path) -> Iterator[Text]:
    """Yield the lines of a set's texts: a message is no longer than one."""
    for row in rows_of(path):
        begins = 0
        for line in row["text"].split("\n"):
            ends = begins + len(line)
            inside = (span for span in row["spans"] if span["start"] >= begins and span["end"] <= ends)
            yield Text(line, frozenset(span["type"] for span in inside))
            begins = ends + 1


def score(report: Report, rows: Sequence[Text], wanted: dict[str, set[str]]) -> None:
    """Compare what is found with what is marked, kind by kind and for the question that decides on sealing."""
    from tenants.encryption.detectors import is_sensitive, kinds_in

    found = [kinds_in(row.text) for row in rows]
    for kind, names in wanted.items():
        marked = [bool(row.marked & names) for row in rows]
        hits = sum(kind in kinds and is_there for kinds, is_there in zip(found, marked, strict=True))
        report.add(f"{kind}: texts with it that are found", 100 * hits / max(1, sum(marked)), "%")
        claimed = sum(kind in kinds for kinds in found)
        report.add(f"{kind}: found texts that have it", 100 * hits / max(1, claimed), "%")
    personal = {name for names in wanted.values() for name in names}
    holding = [row for row in rows if row.marked & personal]
    sealed = sum(is_sensitive(row.text) for row in holding)
    report.add(f"any of these: {len(holding)} texts, sealed", 100 * sealed / max(1, len(holding)), "%", least=80.0)
    harmless = [row for row in rows if not row.marked]
    sealed = sum(is_sensitive(row.text) for row in harmless)
    report.add(f"nothing marked: {len(harmless)} texts, sealed", 100 * sealed / max(1, len(harmless)), "%", most=5.0)


def cost(report: Report, rows: Sequence[Text]) -> None:
    """Measure the look at each text once, cold caches of earlier numbers aside."""
    from tenants.encryption.detectors import is_sensitive

    seconds = []
    for row in rows:
        began = time.thread_time()
        is_sensitive(row.text)
        seconds.append(time.thread_time() - began)
    report.add("a text, processor time, p50", percentile(seconds, 0.5) * 1e6, "µs")
    report.add("a text, processor time, p99", percentile(seconds, 0.99) * 1e3, "ms", most=MOST_MS)


def main() -> int:
    """Measure the sets that there are."""
    folder = Path(os.environ.get("CHARLA_DATASETS", "../shared/data"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SECRET_KEY", "nothing is signed here")
    django.setup()
    with reporting() as report:
        report.note(machine())
        if not folder.is_dir():
            report.note(f"{folder}: no such folder; the data sets are not measured.")
            return 0
        english = list(sentences(folder / "pii_presidio_en/synth_v2.jsonl"))
        report.note(f"\npii_presidio_en: {len(english)} sentences")
        cost(report, english)
        score(report, english, PRESIDIO)
        spanish = [line for name in ("dev.jsonl.gz", "test.jsonl") for line in lines(folder / "pii_meddocan_es" / name)]
        report.note(f"\npii_meddocan_es: {len(spanish)} lines")
        cost(report, spanish)
        score(report, spanish, MEDDOCAN)
    return 0


if __name__ == "__main__":
    sys.exit(main())
