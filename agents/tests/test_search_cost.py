"""What a search costs: never a walk over the table, never more than the budget, whatever neighbours have."""

import random

import pytest
from django.db import connection

from agents.models import KnowledgeBase
from agents.services import retrieval
from agents.services.documents import Entry, store
from agents.services.retrieval import search
from tenants.models import TenantModel
from tenants.scope import in_tenant
from tests.support.database import owner_connection

ENTRIES = 1500


def many() -> list[Entry]:
    """Return entries about the same things in different words."""
    chance = random.Random(3)
    rare = [f"palabra{chance.randrange(10**6)}" for _ in range(800)]
    entries = []
    for number in range(ENTRIES):
        content = f"El envío de {' '.join(chance.choices(rare, k=12))}."
        entries.append(Entry(f"¿Cuánto cuesta {chance.choice(rare)}?", content, "a", "es", key=str(number)))
    return entries


@pytest.fixture
def crowded(tenant: TenantModel, neighbour: TenantModel) -> TenantModel:
    """A tenant with few entries beside a neighbour with many about the same."""
    entries = many()
    for owner, share in ((neighbour, entries), (tenant, entries[:20])):
        with in_tenant(owner):
            store(KnowledgeBase.objects.create(name="shop"), share)
    return tenant


def cost_of(tenant: TenantModel, query: str) -> tuple[int, int]:
    """Return how often the chunks were walked through, and how many of them a search touched."""
    with in_tenant(tenant), connection.cursor() as cursor:
        read = "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'agents_knowledgechunk'"
        cursor.execute(read)
        before = cursor.fetchone()
        assert search(query=query)
        cursor.execute(read)
        after = cursor.fetchone()
    return after[0] - before[0], after[1] - before[1]


def test_a_search_touches_its_own_tenants_chunks_alone(crowded: TenantModel) -> None:
    walks, touched = cost_of(crowded, "¿cuánto cuesta el envío?")
    assert walks == 0
    assert touched <= 20 * 12


def test_a_question_of_frequent_words_stays_within_its_budget(
    crowded: TenantModel, neighbour: TenantModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "POSTINGS_BUDGET", 200)
    walks, touched = cost_of(neighbour, "¿cuánto cuesta el envío?")
    assert walks == 0
    assert touched <= 4 * 200 + 2 * retrieval.CANDIDATES


@pytest.mark.django_db(transaction=True, databases=["default", "operations"])
def test_so_does_one_in_a_table_that_was_counted_when_it_held_few(
    tenant: TenantModel, neighbour: TenantModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = many()
    with in_tenant(neighbour):
        store(KnowledgeBase.objects.create(name="shop"), entries[:20])
    with in_tenant(tenant):
        base = KnowledgeBase.objects.create(name="shop")
        store(base, entries)
        base.documents.all().delete()
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute("ANALYZE agents_knowledgechunk")
    with in_tenant(tenant):
        store(base, entries)
    monkeypatch.setattr(retrieval, "POSTINGS_BUDGET", 200)
    walks, touched = cost_of(tenant, "¿cuánto cuesta el envío?")
    assert walks == 0
    assert touched <= 4 * 200 + 2 * retrieval.CANDIDATES
