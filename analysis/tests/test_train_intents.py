"""The command train_intents: what it learns from, what it says before, and when it is used."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from analysis.demo import INTENTS
from analysis.models import Intent, MessageIntent, TrainedModel
from analysis.services.corrections import correct_intent
from analysis.services.guessing import guess_intent
from analysis.services.trained import forget_models
from analysis.tests.messages import ask, configure
from audit.models import AuditLog
from chats.models import ChatModel
from tenants.models import TenantModel, WorkItem
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db(transaction=True)
NONE = ("tell me a joke", "who won the match?", "¿quién ganó el partido?", "cuéntame un chiste", "do you like music?")


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    forget_models()


def run(**options: Any) -> dict[str, Any]:
    """Run the command and return what it answers."""
    out = StringIO()
    call_command("train_intents", json=True, no_progress=True, stdout=out, **options)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def written(path: Path, rows: list[tuple[str, str]]) -> Path:
    """Write a file of labelled text."""
    path.write_text("\n".join(json.dumps({"text": text, "intent": label}) for text, label in rows), "utf-8")
    return path


def rows_of(*, begin: int = 0, end: int = 99) -> list[tuple[str, str]]:
    """Return examples of the demo's intents."""
    return [(text, name) for name, texts in INTENTS.items() for text in texts[begin:end]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Examples of five intents."""
    return written(tmp_path / "intents.jsonl", rows_of())


@pytest.fixture
def stored(tenant: TenantModel) -> TenantModel:
    """A tenant with intents of its own, not learnt yet."""
    with in_tenant(tenant):
        for name, examples in INTENTS.items():
            Intent.objects.create(name=name, examples=list(examples))
    return tenant


def guessed(tenant: TenantModel, text: str) -> str | None:
    """Return what a text is taken for; "nothing learnt" where there is no classifier."""
    with in_tenant(tenant):
        found = guess_intent(text)
        return found.name if found else "nothing learnt"


def test_figures_come_before_anything_is_stored(tenant: TenantModel, file: Path) -> None:
    told = run(file=file, tenant=tenant.name)
    assert (told["intents"], told["examples"], told["held_out"]) == (5, 70, 70)
    assert told["right_regardless"] > 40 > told["commonest"]
    assert len(told["weakest"]) == 5
    assert not told["in_use"]
    assert guessed(tenant, "How do I get a refund?") == "nothing learnt"
    with in_tenant(tenant):
        assert Intent.objects.count() == TrainedModel.objects.count() == 0


def test_what_is_switched_on_is_used_and_the_examples_are_kept(
    tenant: TenantModel, neighbour: TenantModel, file: Path
) -> None:
    told = run(file=file, tenant=tenant.name, activate=True)
    assert told["in_use"]
    assert guessed(tenant, "How do I get a refund, please?") == "returns"
    assert guessed(neighbour, "How do I get a refund, please?") == "nothing learnt"
    with in_tenant(tenant):
        assert {intent.name: tuple(intent.examples) for intent in Intent.objects.all()} == INTENTS
        model = TrainedModel.objects.get(is_active=True)
        assert (model.version, model.figures["right"]) == (told["version"], told["right"])
        assert AuditLog.objects.filter(object_type="intent", action="intent_added").count() == 5


def test_a_file_adds_to_what_is_there_and_nothing_twice(stored: TenantModel, tmp_path: Path) -> None:
    rows = [("Can I send it back?", "Returns"), ("I don't want it any more", "RETURNS"), ("hola, buenas", "greeting")]
    file = written(tmp_path / "more.jsonl", rows)
    for _time in range(2):
        run(file=file, tenant=stored.name, activate=True)
    with in_tenant(stored):
        returns = Intent.objects.get(name="returns")
        assert returns.examples == [*INTENTS["returns"], "I don't want it any more"]
        assert Intent.objects.get(name="greeting").examples == ["hola, buenas"]
        assert AuditLog.objects.filter(object_type="intent").count() == 2


def test_what_is_none_of_them_is_learnt_and_found(stored: TenantModel, tmp_path: Path) -> None:
    file = written(tmp_path / "none.jsonl", [(text, "Ninguna") for text in NONE])
    told = run(file=file, tenant=stored.name, activate=True)
    assert (told["intents"], told["none_of_them"]) == (5, len(NONE))
    assert told["none_found"] is not None
    assert guessed(stored, "tell me another joke") is None
    with in_tenant(stored):
        assert Intent.objects.get(is_outside=True).examples == list(NONE)


def test_without_a_file_the_tenants_examples_and_corrections_are_learnt(stored: TenantModel, chat: ChatModel) -> None:
    message = ask(stored, chat, "zurrapa grumentosa")
    with in_tenant(stored):
        MessageIntent.objects.create(
            message=message, chat=chat, confidence=0.5, classifier="test", timestamp=message.timestamp
        )
        correct_intent(message_id=message.pk, intent=Intent.objects.get(name="returns"), by=None)
        assert WorkItem.objects.filter(ref_id__startswith="intents:").count() == 1
    assert run(tenant=stored.name, activate=True)["examples"] == 71
    assert guessed(stored, "grumentosa zurrapa") == "returns"


def test_a_correction_to_what_stands_for_none_is_a_correction_to_none(stored: TenantModel, chat: ChatModel) -> None:
    message = ask(stored, chat, "tell me a joke")
    with in_tenant(stored):
        outside = Intent.objects.create(name="small talk", examples=[], is_outside=True)
        MessageIntent.objects.create(
            message=message, chat=chat, confidence=0.5, classifier="test", timestamp=message.timestamp
        )
        assert correct_intent(message_id=message.pk, intent=outside, by=None).intent is None
    assert run(tenant=stored.name)["none_of_them"] == 1


def test_another_file_is_measured_on_without_what_was_learnt_from(stored: TenantModel, tmp_path: Path) -> None:
    rows = [
        *rows_of(end=2),
        ("a refund please", "returns"),
        ("do you deliver on Monday?", "delivery"),
        ("ξένος", "none"),
    ]
    told = run(tenant=stored.name, evaluate=written(tmp_path / "other.jsonl", rows))
    assert (told["held_out"], told["none_found"], told["before"]) == (3, 100, None)


def test_what_tells_worse_than_what_is_in_use_is_not_switched_on(
    tenant: TenantModel, file: Path, tmp_path: Path
) -> None:
    run(file=file, tenant=tenant.name, activate=True)
    names = list(INTENTS)
    turned = {name: names[(at + 1) % len(names)] for at, name in enumerate(names)}
    wrong = written(tmp_path / "wrong.jsonl", [(f"{text} {text}", turned[name]) for text, name in rows_of()] * 3)
    with in_tenant(tenant):
        Intent.objects.all().delete()
    measured = written(tmp_path / "right.jsonl", [(f"{text} please", name) for text, name in rows_of()])
    with pytest.raises(CommandError, match="what is in use tells these texts better"):
        run(file=wrong, evaluate=measured, tenant=tenant.name, activate=True)
    assert guessed(tenant, "How do I get a refund, please?") == "returns"


def test_what_is_worse_than_the_commonest_answer_is_not_switched_on(tenant: TenantModel, tmp_path: Path) -> None:
    things = ("river", "lamp", "onion", "cloud", "violin", "brick", "tiger", "spoon")
    rows = [(thing, label) for thing in things for label in ("one", "other")]
    with pytest.raises(CommandError, match="commonest answer"):
        run(file=written(tmp_path / "noise.jsonl", rows), tenant=tenant.name, activate=True)
    assert guessed(tenant, "river") == "nothing learnt"


def test_the_tenants_threshold_holds_for_the_figures(stored: TenantModel) -> None:
    configure(stored, intent_threshold=1)
    assert run(tenant=stored.name)["right"] == 0


def test_dry_run_stores_nothing(tenant: TenantModel, file: Path) -> None:
    assert not run(file=file, tenant=tenant.name, activate=True, dry_run=True)["in_use"]
    assert guessed(tenant, "How do I get a refund?") == "nothing learnt"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "nothing to learn"),
        ([("one", "a"), ("two", "b")], "too few examples"),
        ([("x" * 1001, "long")], "long: Each example is a text of 1 to 1000 characters."),
        ([("hello", "n" * 101)], r"intents\.jsonl:1: “n+” is no label"),
    ],
)
def test_what_cannot_be_learnt_is_refused(
    tenant: TenantModel, tmp_path: Path, rows: list[tuple[str, str]], message: str
) -> None:
    file = written(tmp_path / "intents.jsonl", rows) if rows else None
    with pytest.raises(CommandError, match=message):
        run(file=file, tenant=tenant.name, activate=True)


def test_measuring_on_unknown_intents_or_on_what_was_learnt_is_refused(stored: TenantModel, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="without examples: weather"):
        run(tenant=stored.name, evaluate=written(tmp_path / "other.jsonl", [("will it rain?", "weather")]))
    with pytest.raises(CommandError, match="not learnt from"):
        run(tenant=stored.name, evaluate=written(tmp_path / "same.jsonl", rows_of()))


def test_figures_are_told_in_spanish(stored: TenantModel) -> None:
    out, err = StringIO(), StringIO()
    call_command("train_intents", tenant=stored.name, lang="es", stdout=out, stderr=err)
    assert "70 textos no vistos" in out.getvalue()
    assert "No se guardó nada." in out.getvalue()


def test_same_examples_give_the_same_weights(stored: TenantModel) -> None:
    assert run(tenant=stored.name)["version"] == run(tenant=stored.name)["version"]
