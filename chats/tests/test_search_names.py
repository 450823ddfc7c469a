"""Names to search for: what triggers keep of titles, people and ids, and what finds them."""

from typing import Any

import pytest
from django.db import connection

from chats.models import ChatModel, Contact, SearchName
from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from chats.services.searching import _names
from tenants.models import TenantModel
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db


def kept() -> list[str]:
    """Return all names of the tenant."""
    return list(SearchName.objects.order_by("text").values_list("text", flat=True))


def people(query: str, most: int = 10) -> list[Any]:
    return _names(query, of_people=True, most=most)


def person(name: str, external_id: str) -> Contact:
    return Contact.objects.create(channel="api", external_id=external_id, name=name)


def test_a_name_follows_what_it_is_of(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        ana = person("Ana MARÍA", "P-1")
        chat = ChatModel.objects.create(user_id="p-1", channel="api", title="Envío")
        assert kept() == ["ana maria\np-1", "envio\np-1"]
        ChatModel.objects.filter(pk=chat.pk).update(contact=ana)
        Contact.objects.filter(pk=ana.pk).update(name="")
        assert kept() == ["envio", "p-1"]
        ChatModel.objects.filter(pk=chat.pk).update(title="")
        assert kept() == ["p-1"]
        ChatModel.objects.filter(pk=chat.pk).update(title="Ñandú")
        assert kept() == ["nandu", "p-1"]
        ChatModel.objects.filter(pk=chat.pk).update(title_is_encrypted=True)
        assert kept() == ["p-1"]
        ChatModel.objects.all().delete()
        Contact.objects.all().delete()
        assert kept() == []


def test_the_title_that_the_first_message_gives_is_a_name_and_a_sealed_one_is_none(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        ana = person("Ana", "p-1")
        for text in ("Where are the giraffes?", "My address is ana@birds.example"):
            chat = create_chat(user_id="p-1", channel="api", contact=ana)
            post_message(chat_id=chat.chat_id, content=text)
        assert ChatModel.objects.filter(title_is_encrypted=True).count() == 1
        assert kept() == ["ana\np-1", "where are the giraffes?"]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("maria", True), ("MARÍA", True), ("ópez mar", True), ("4567", True), ("ma", True), ("ñ", True), ("n 45", True),
        ("maría josé", False), ("marla", False), ("a%a", False), ("l_pez", False), ("\\", False), ("%", False),
        ("lópez573001234567", False),
    ],
)  # fmt: skip
def test_each_word_is_a_part_of_the_name_or_the_id(tenant: TenantModel, query: str, is_found: bool) -> None:
    with in_tenant(tenant):
        ana = person("Ana María López Ñu", "573001234567")
        assert people(query) == ([ana.pk] if is_found else [])


@pytest.mark.parametrize("query", ["100%", "a_b", "c\\d"])
def test_signs_of_patterns_are_found_as_they_are(tenant: TenantModel, query: str) -> None:
    with in_tenant(tenant):
        meant = person(f"x{query}x", "1")
        person("x1000xaxbxcdx", "2")
        assert people(query) == [meant.pk]


def test_a_neighbours_names_are_not_found(tenant: TenantModel, neighbour: TenantModel) -> None:
    with in_tenant(neighbour):
        person("María", "p-1")
        create_chat(user_id="p-1", channel="api", title="María")
    with in_tenant(tenant):
        assert people("maría") == people("ma") == _names("maría", of_people=False, most=10) == []


def test_the_latest_are_found_however_far_apart_they_are(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        ids = [1, 70_000, 140_000, 10_000_000, 10_000_001]
        made = [person("María", str(number)) for number in ids]
        for number, contact in zip(ids, made, strict=True):
            SearchName.objects.filter(contact_key=contact.pk).update(id=number + 10**9)
        latest = [contact.pk for contact in reversed(made)]
        assert people("maría") == latest
        assert people("maría", most=3) == latest[:3]
        assert people("ma", most=3) == latest[:3]


def test_a_search_reads_what_it_finds_and_no_more(tenant: TenantModel, neighbour: TenantModel) -> None:
    for owner in (tenant, neighbour):
        with in_tenant(owner):
            Contact.objects.bulk_create(
                Contact(channel="api", external_id=str(number), name=f"Ana {number % 100:03}")
                for number in range(2_000)
            )
    with in_tenant(tenant), connection.cursor() as cursor:
        read = "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'chats_searchname'"
        cursor.execute(read)
        before = cursor.fetchone()
        assert len(people("ana 042", most=100)) == 20
        cursor.execute(read)
        after = cursor.fetchone()
    assert after[0] == before[0]
    assert after[1] - before[1] <= 4 * 20
