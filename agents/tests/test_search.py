"""Finding: accents, slips, languages, neighbours, and that every change of a chunk is counted."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection

from agents.models import KnowledgeBase, KnowledgeChunk, KnowledgeDocument, KnowledgeStatistics, KnowledgeTerm
from agents.services.documents import Entry, store
from agents.services.retrieval import SEARCH
from agents.tests.support import find, learn
from tenants.models import TenantModel
from tenants.scope import in_tenant


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("¿Cuál es el horario de atención?", "¿Cuál es el horario de atención?"),
        ("cual es el horario de atencion", "¿Cuál es el horario de atención?"),
        ("cual es el orario de atensión", "¿Cuál es el horario de atención?"),
        ("CUANTO CUESTA EL ENVIO", "¿Cuánto cuesta el envío?"),
        ("olvide mi contrasena", "¿Cómo cambio mi contraseña?"),
        ("garantia de plantas", "¿Las plantas tienen garantía?"),
        ("devolucion", "¿Puedo devolver una planta?"),
        ("opening hours", "What are your opening hours?"),
        ("how much is the shiping", "How much is shipping?"),
    ],
)
def test_accents_and_slips_do_not_hide_the_answer(tenant: TenantModel, query: str, title: str) -> None:
    learn(tenant)
    assert find(tenant, query)[0].title == title


def test_a_question_finds_the_twin_in_its_own_language(tenant: TenantModel) -> None:
    learn(tenant, [Entry("WhatsApp", "+57 300", "a", "es"), Entry("WhatsApp", "+57 301", "b", "en", key="2")])
    assert find(tenant, "WhatsApp", language="es")[0].content == "+57 300"
    assert find(tenant, "WhatsApp", language="en")[0].content == "+57 301"


def test_words_of_the_same_meaning_are_found(tenant: TenantModel) -> None:
    learn(tenant)
    assert find(tenant, "¿a qué hora abren?")[0].title == "¿Cuál es el horario de atención?"
    assert find(tenant, "precio del despacho")[0].title == "¿Cuánto cuesta el envío?"


def test_only_function_words_are_a_question_too(tenant: TenantModel) -> None:
    learn(tenant, [Entry("Who are you?", "A shop.", "a", "en"), Entry("What is it?", "A plant.", "a", "en")])
    assert find(tenant, "who are you")[0].content == "A shop."


@pytest.mark.parametrize("query", ["", "   ", "?!", "\x00", "🙂", "zzzzqqqq", "a" * 5000, "' OR 1=1 --", "%", "&|!<->"])
def test_questions_that_match_nothing_find_nothing_and_break_nothing(tenant: TenantModel, query: str) -> None:
    learn(tenant)
    assert find(tenant, query) == []


def test_a_search_never_finds_a_neighbours_knowledge(tenant: TenantModel, neighbour: TenantModel) -> None:
    theirs, _ = learn(neighbour)
    learn(tenant, [Entry("¿Hay parqueadero?", "Sí.", "a", "es")])
    assert find(tenant, "horario de atención") == []
    assert find(tenant, "horario de atención", base_ids=[theirs.id]) == []
    assert find(tenant, "horario de atención", base_names=["shop"]) == []


def test_the_definer_function_gives_nothing_to_a_neighbour_that_knows_the_ids(
    tenant: TenantModel, neighbour: TenantModel
) -> None:
    theirs, _ = learn(neighbour)
    arguments: list[Any] = [[theirs.id], "es", ["horari"], [1.0], [1], 100, 10]
    with in_tenant(neighbour), connection.cursor() as cursor:
        cursor.execute(SEARCH, arguments)
        assert len(cursor.fetchall()) == 1
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(SEARCH, arguments)
        assert cursor.fetchall() == []
    with connection.cursor() as cursor:
        cursor.execute(SEARCH, arguments)
        assert cursor.fetchall() == []


def counted() -> tuple[dict[str, int], dict[str, tuple[int, int, int]]]:
    terms = {f"{term.language}:{term.lexeme}": term.frequency for term in KnowledgeTerm.objects.all()}
    figures = {
        row.language: (row.chunks, row.heading_words, row.content_words)
        for row in KnowledgeStatistics.objects.filter(chunks__gt=0)
    }
    return terms, figures


def recounted() -> tuple[dict[str, int], dict[str, tuple[int, int, int]]]:
    terms: Counter[str] = Counter()
    figures: dict[str, tuple[int, int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT language, lexeme FROM agents_knowledgechunk, unnest(search_vector)")
        terms.update(f"{language}:{lexeme}" for language, lexeme in cursor.fetchall())
    for chunk in KnowledgeChunk.objects.all():
        old = figures.get(chunk.language, (0, 0, 0))
        figures[chunk.language] = (old[0] + 1, old[1] + chunk.heading_words, old[2] + chunk.content_words)
    return dict(terms), figures


def test_the_vocabulary_follows_every_way_in_which_chunks_change(tenant: TenantModel) -> None:
    base, _ = learn(tenant)
    with in_tenant(tenant):
        assert counted() == recounted()
        store(base, [Entry("¿Cuánto cuesta el envío?", "Ahora es gratis.", "b", "es")])
        assert counted() == recounted()
        KnowledgeChunk.objects.filter(language="en").update(language="es", heading="Otro título")
        assert counted() == recounted()
        KnowledgeDocument.objects.filter(title__startswith="¿Las").delete()
        assert counted() == recounted()
        KnowledgeBase.objects.all().delete()
        assert counted() == ({}, {})


def test_storing_again_changes_nothing_and_another_answer_takes_the_old_ones_place(tenant: TenantModel) -> None:
    base, first = learn(tenant)
    _, again = learn(tenant)
    assert (first.created, again.unchanged, again.created, again.updated) == (8, 8, 0, 0)
    with in_tenant(tenant):
        changed = store(base, [Entry("¿Cuánto cuesta el envío?", "Es gratis.", "otro.csv", "es")])
        assert (changed.updated, KnowledgeDocument.objects.count()) == (1, 8)
    assert find(tenant, "cuánto cuesta el envío")[0].content == "Es gratis."


def test_a_long_document_is_found_by_the_passage_that_tells(tenant: TenantModel) -> None:
    filler = "La tienda vende plantas de interior de muchas formas y colores. " * 60
    text = f"{filler}El fertilizante se aplica cada quince días en primavera. {filler}"
    learn(tenant, [Entry("Guía", text, "guia.md", "es")])
    found = find(tenant, "¿Cada cuánto se aplica el fertilizante?")
    assert len(found) == 1
    assert "cada quince días" in found[0].content
    assert len(found[0].content) < len(text) / 2
