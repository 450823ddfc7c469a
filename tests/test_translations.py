"""Everything that people see is there in Spanish, and what is compiled is what is written."""

import gettext
import re
import struct
from pathlib import Path

import pytest
from django.utils import translation

from tests.support.catalogues import (
    APPS,
    ROOT,
    Entry,
    all_catalogues,
    catalogue_path,
    messages_of,
    read_catalogue,
)

each_catalogue = pytest.mark.parametrize("path", all_catalogues(), ids=lambda path: str(path.relative_to(ROOT).parent))
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w+[^>]*>|--[a-z]+")


@pytest.mark.parametrize("app", APPS)
def test_every_message_of_the_sources_has_a_spanish_translation(app: str) -> None:
    translated = {entry.key for entry in read_catalogue(catalogue_path(app)) if all(entry.translations)}
    assert sorted(messages_of(app) - translated) == []


@each_catalogue
def test_no_translation_is_empty_a_guess_or_there_twice(path: Path) -> None:
    entries = read_catalogue(path)
    assert [entry.key for entry in entries if not all(entry.translations) or "fuzzy" in entry.flags] == []
    assert len({(entry.key.text, entry.key.context) for entry in entries}) == len(entries)


@each_catalogue
def test_translations_keep_placeholders_tags_and_options(path: Path) -> None:
    def marks(text: str) -> list[str]:
        return sorted(PLACEHOLDER.findall(text))

    wrong = [
        entry.key.text
        for entry in read_catalogue(path)
        for text, source in zip(entry.translations, _sources(entry), strict=True)
        if marks(text) != marks(source)
    ]
    assert wrong == []


def _sources(entry: Entry) -> list[str]:
    return [entry.key.text, entry.key.plural] if entry.key.plural else [entry.key.text]


@each_catalogue
def test_the_compiled_catalogue_says_what_the_written_one_says(path: Path) -> None:
    entries, compiled = read_catalogue(path), path.with_suffix(".mo")
    with compiled.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert [entry.key for entry in entries if _said(catalogue, entry) != entry.translations] == []
    assert _count(compiled) == len(entries) + 1  # its header is an entry too


def _said(catalogue: gettext.NullTranslations, entry: Entry) -> list[str]:
    text, context, plural = entry.key
    if plural and context:
        return [catalogue.npgettext(context, text, plural, number) for number in (1, 2)]
    if plural:
        return [catalogue.ngettext(text, plural, number) for number in (1, 2)]
    return [catalogue.pgettext(context, text) if context else catalogue.gettext(text)]


def _count(compiled: Path) -> int:
    magic, _revision, count = struct.unpack("<III", compiled.read_bytes()[:12])
    assert magic == 0x950412DE
    return int(count)


@each_catalogue
def test_no_other_catalogue_speaks_over_this_one(path: Path) -> None:
    """Django merges all catalogues, and a message has one translation: the same one in every app, Django's included."""
    other = {}
    with translation.override("es"):
        for entry in read_catalogue(path):
            text, context, plural = entry.key
            if plural:
                said = [translation.npgettext(context, text, plural, number) if context
                        else translation.ngettext(text, plural, number) for number in (1, 2)]  # fmt: skip
            else:
                said = [translation.pgettext(context, text) if context else translation.gettext(text)]
            if said != entry.translations:
                other[text] = said
    assert other == {}
