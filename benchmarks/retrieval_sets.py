"""The data sets that retrieval is measured on, as entries to store and questions to ask.

They are read from the folder that CHARLA_DATASETS names; nothing of them is kept in the project.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agents.services.documents import Entry


@dataclass(frozen=True)
class Asked:
    """A question, the numbers of the entries that answer it (none: it has no answer), and the base to search."""

    text: str
    answers: frozenset[int]
    base: str = "all"


@dataclass(frozen=True)
class RetrievalSet:
    """Entries by base and the questions to them."""

    name: str
    language: str
    entries: dict[str, list[tuple[int, Entry]]]
    questions: list[Asked]


def xquad(folder: Path, language: str) -> RetrievalSet:
    """Question to paragraph, among all paragraphs."""
    data = json.loads((folder / f"xquad/xquad.{language}.json").read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]]
    entries = [
        (number, Entry("", paragraph["context"], "xquad", language, key=str(number)))
        for number, paragraph in enumerate(paragraphs)
    ]
    questions = [
        Asked(asked["question"], frozenset({number}))
        for number, paragraph in enumerate(paragraphs) for asked in paragraph["qas"]
    ]  # fmt: skip
    return RetrievalSet(f"xquad_{language}", language, {"all": entries}, questions)


def datatalks(folder: Path) -> RetrievalSet:
    """An FAQ of courses; each question is asked within its course."""
    documents = json.loads((folder / "faq_datatalks/documents-with-ids.json").read_text("utf-8"))
    entries: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
    numbers: dict[str, set[int]] = defaultdict(set)
    for number, document in enumerate(documents):
        entry = Entry(document["question"], document["text"], document["section"], "en", key=str(number))
        entries[document["course"]].append((number, entry))
        numbers[document["id"]].add(number)
    with (folder / "faq_datatalks/queries.csv").open(encoding="utf-8") as file:
        questions = [
            Asked(row["question"], frozenset(numbers[row["document"]]), row["course"]) for row in csv.DictReader(file)
        ]
    return RetrievalSet("faq_datatalks", "en", dict(entries), questions)


def covid_genie(folder: Path) -> RetrievalSet:
    """A small FAQ of one subject; more than half of the questions are not answered in it."""
    with (folder / "faq_covid_genie/faq_db.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = {row["ID"]: number for number, row in enumerate(rows)}
    entries = [
        (number, Entry(row["Question"], row["Answer"], "faq_covid_genie", "en", key=str(number)))
        for number, row in enumerate(rows)
    ]
    with (folder / "faq_covid_genie/queries.csv").open(encoding="utf-8") as file:
        questions = [
            Asked(
                row["question"], frozenset(numbers[id_] for id_ in row["relevant_faq_ids"].split(",") if id_ in numbers)
            )
            for row in csv.DictReader(file)
        ]
    return RetrievalSet("faq_covid_genie", "en", {"all": entries}, questions)


def bitcoin(folder: Path, language: str) -> RetrievalSet:
    """An FAQ in two languages side by side: a question belongs to the entry in its own language."""
    rows = json.loads((folder / "faq_bitcoin_es_en/faq.json").read_text("utf-8"))
    entries = []
    for offset, spoken in enumerate(("es", "en")):
        entries += [
            (number * 2 + offset, Entry("", row[f"answer_html_{spoken}"], row["id"], spoken, key=f"{spoken}{number}"))
            for number, row in enumerate(rows)
        ]
    own = 0 if language == "es" else 1
    questions = [Asked(row[f"question_{language}"], frozenset({number * 2 + own})) for number, row in enumerate(rows)]
    return RetrievalSet(f"faq_bitcoin_{language}", language, {"all": entries}, questions)


SETS: dict[str, Callable[[Path], RetrievalSet]] = {
    "xquad_en": lambda folder: xquad(folder, "en"),
    "xquad_es": lambda folder: xquad(folder, "es"),
    "faq_datatalks": datatalks,
    "faq_covid_genie": covid_genie,
    "faq_bitcoin_es": lambda folder: bitcoin(folder, "es"),
    "faq_bitcoin_en": lambda folder: bitcoin(folder, "en"),
}
