"""Knowledge bases between versions of what they hold, and the embeddings of their passages."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents.models import AIModel, KnowledgeBase, KnowledgeChunk, KnowledgeDocument
from agents.tests.support import SHOP, find, learn
from agents.tests.wire_server import FakeModels, Handler, fake_models, refusal, whole
from tenants.models import TenantModel
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db


def run(**options: Any) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit status and its answer for `acme`."""
    out, status = io.StringIO(), 0
    try:
        call_command("migrate_knowledge_base", json=True, no_progress=True, stdout=out, **options)
    except CommandError as error:
        status = error.returncode
        if not out.getvalue():
            return status, {"error": str(error)}
    told: dict[str, Any] = json.loads(out.getvalue())
    return status, {"version": told["version"], **told["tenants"]["acme"]}


@pytest.fixture
def base(tenant: TenantModel) -> KnowledgeBase:
    """A base of the first version, with old passages in one document."""
    made, _stored = learn(tenant)
    with in_tenant(tenant):
        KnowledgeBase.objects.update(schema_version=1)
        old = KnowledgeDocument.objects.get(title="How much is shipping?")
        KnowledgeChunk.objects.filter(document=old).update(content="Shipping costs $9,000")
        KnowledgeChunk.objects.create(document=old, base=made, position=1, content="in the city.", language="en")
    return made


def test_a_new_base_is_of_the_latest_version(tenant: TenantModel) -> None:
    learn(tenant)
    assert run(validate_only=True) == (0, {"version": 2, "bases": {}, "problems": [], "embedded": 0})


def test_old_passages_are_cut_by_todays_rules_and_found(tenant: TenantModel, base: KnowledgeBase) -> None:
    status, told = run()
    assert (status, told["bases"]) == (0, {"shop": {"from": 1, "documents": len(SHOP), "changed": 1}})
    with in_tenant(tenant):
        assert KnowledgeBase.objects.get().schema_version == 2
        assert KnowledgeChunk.objects.count() == len(SHOP)
    assert "in the city" in find(tenant, "shipping")[0].content
    assert run()[1]["bases"]["shop"]["changed"] == 0


def test_a_dry_run_changes_nothing(tenant: TenantModel, base: KnowledgeBase) -> None:
    assert run(dry_run=True)[1]["bases"]["shop"]["changed"] == 1
    with in_tenant(tenant):
        assert (KnowledgeBase.objects.get().schema_version, KnowledgeChunk.objects.count()) == (1, len(SHOP) + 1)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda rows: KnowledgeChunk.objects.all().delete(), "no passages"),
        (lambda rows: rows.update(language=""), "no language"),
        (lambda rows: rows.update(content="Changed behind our back."), "another digest than its text"),
        (lambda rows: KnowledgeChunk.objects.update(heading="Another title"), "other passages"),
    ],
)
def test_validating_names_each_problem_and_migrating_mends_it(tenant: TenantModel, spoil: Any, problem: str) -> None:
    learn(tenant, SHOP[:1])
    with in_tenant(tenant):
        spoil(KnowledgeDocument.objects.all())
    status, told = run(validate_only=True)
    assert (status, len(told["problems"])) == (1, 1)
    assert problem in told["problems"][0]
    assert run()[0] == 0
    assert run(validate_only=True)[0] == 0


def test_going_back_leaves_the_documents_as_they_are(tenant: TenantModel, base: KnowledgeBase) -> None:
    run()
    assert run(version="1.0")[0] == 0
    with in_tenant(tenant):
        assert (KnowledgeBase.objects.get().schema_version, KnowledgeChunk.objects.count()) == (1, len(SHOP))


@pytest.mark.parametrize("version", ["3", "0", "2.1", "two", "-1", ""])
def test_a_version_that_there_is_not_is_wrong_usage(tenant: TenantModel, version: str) -> None:
    assert run(version=version)[0] == 2


@pytest.fixture
def models(settings: Any) -> Iterator[FakeModels]:
    """A server that gives each text a vector: how many letters it has, and one."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]

    def embed(handler: Handler) -> None:
        asked = handler.server.models.requests[-1].body  # type: ignore[attr-defined]
        data = [{"index": number, "embedding": [float(len(text)), 1.0]} for number, text in enumerate(asked["input"])]
        whole(200, json.dumps({"data": data[::-1]}).encode())(handler)

    with fake_models() as running:
        running.script = [embed] * 9
        url = running.base_url("openai")
        AIModel.objects.create(name="vectors", provider="openai_compatible", model_type="embedding", base_url=url)
        yield running


def test_passages_are_embedded_once_with_their_headings(tenant: TenantModel, models: FakeModels) -> None:
    learn(tenant, SHOP[-1:])
    assert run(reembed=True)[1]["embedded"] == 1
    assert (models.requests[0].path, models.requests[0].body["input"]) == (
        "/v1/embeddings", ["Do plants have a guarantee?\nYes, thirty days of life."],
    )  # fmt: skip
    with in_tenant(tenant):
        row = KnowledgeChunk.objects.get()
    assert (list(row.embedding), row.embedding_model) == ([53.0, 1.0], "vectors")
    assert run(reembed=True)[1]["embedded"] == 0


@pytest.mark.parametrize(
    "answer",
    [refusal(500, "server_error", "no"), whole(200, b"{}"), whole(200, b'{"data": []}'), whole(200, b"<html>")],
)
def test_a_model_that_gives_no_vectors_fails_the_run(tenant: TenantModel, models: FakeModels, answer: Any) -> None:
    learn(tenant, SHOP[:1])
    models.script = [answer]
    status, told = run(reembed=True)
    assert (status, "vectors" in told["error"]) == (1, True)


def test_without_an_embedding_model_it_says_so(tenant: TenantModel) -> None:
    learn(tenant, SHOP[:1])
    assert "no active embedding model" in run(reembed=True)[1]["error"]
