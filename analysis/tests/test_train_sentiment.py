"""The command train_sentiment: what it learns from, what it says before, and when it is used."""

import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from analysis.models import Sentiment, SharedTrainedModel, TrainedModel
from analysis.services.analyzing import analyze_message, current_analyzer
from analysis.services.corrections import correct_sentiment
from analysis.services.labelled_files import LabelledText
from analysis.services.sentiment_training import by_language, corrected_texts, read_sentiment
from analysis.services.trained import forget_models
from analysis.tests.messages import ask
from analysis.tests.test_trained_sentiment import examples
from chats.models import ChatModel
from chats.services.lifecycle import create_chat
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True)
UNSEEN = "ayer vi que esto es grumentazo"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    forget_models()


def run(**options: Any) -> dict[str, Any]:
    """Run the command and return what it answers."""
    out = StringIO()
    call_command("train_sentiment", json=True, no_progress=True, stdout=out, **options)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def written(path: Path, rows: list[tuple[str, str]], separator: str = ",") -> Path:
    """Write a file of labelled text."""
    lines = [f"text{separator}label", *(f'"{text}"{separator}{label}' for text, label in rows)]
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Labelled text in Spanish whose praise and blame no word list knows."""
    return written(tmp_path / "moods.csv", [(row.text, row.label) for row in examples(seed=1, each=20)])


def reads(tenant: TenantModel, text: str) -> str:
    with in_tenant(tenant):
        return current_analyzer().analyze(text, "es").sentiment


def test_what_was_learnt_is_used_for_the_tenant_alone(tenant: TenantModel, neighbour: TenantModel, file: Path) -> None:
    told = run(file=file, tenant=tenant.name, language="es", activate=True)["models"][0]
    assert told["in_use"]
    assert reads(tenant, UNSEEN) == "negative"
    assert reads(neighbour, UNSEEN) == "neutral"
    with in_tenant(tenant):
        stored = TrainedModel.objects.get()
    assert (str(stored.pk), stored.version, stored.language) == (told["id"], told["version"], "es")
    assert stored.figures["macro_f1"] == told["macro_f1"]


def test_without_a_tenant_it_is_the_installations(tenant: TenantModel, neighbour: TenantModel, file: Path) -> None:
    assert run(file=file, language="es", activate=True)["tenant"] is None
    assert reads(tenant, UNSEEN) == reads(neighbour, UNSEEN) == "negative"
    assert SharedTrainedModel.objects.count() == 1


def test_figures_come_before_it_is_switched_on(tenant: TenantModel, file: Path) -> None:
    told = run(file=file, tenant=tenant.name, language="es")["models"][0]
    assert told["macro_f1"] > 90 > told["word_lists_macro_f1"]
    assert told["held_out"] == sum(told["examples"].values())
    assert not told["in_use"]
    assert reads(tenant, UNSEEN) == "neutral"


def test_dry_run_tells_figures_and_stores_nothing(tenant: TenantModel, file: Path) -> None:
    told = run(file=file, tenant=tenant.name, language="es", activate=True, dry_run=True)["models"][0]
    assert told["macro_f1"] > 90
    assert told["id"] is None
    with in_tenant(tenant):
        assert TrainedModel.objects.count() == 0


def test_another_file_is_measured_on_without_what_was_learnt_from(
    tenant: TenantModel, file: Path, tmp_path: Path
) -> None:
    known = [(row.text, row.label) for row in examples(seed=1, each=20)][:3]
    other = [(f"{row.text} más", row.label) for row in examples(seed=7, each=5)]
    measured = written(tmp_path / "other.csv", known + other, separator=";")
    told = run(file=file, evaluate=measured, tenant=tenant.name, language="es")["models"][0]
    assert told["held_out"] == len({text for text, _label in other})


def test_measuring_on_what_was_learnt_from_is_refused(tenant: TenantModel, file: Path) -> None:
    with pytest.raises(CommandError, match="not learnt from"):
        run(file=file, evaluate=file, tenant=tenant.name, language="es")


def test_what_reads_worse_than_the_word_lists_is_not_switched_on(tenant: TenantModel, tmp_path: Path) -> None:
    plain = {"positive": "estoy feliz con el pedido", "negative": "estoy triste y es pésimo", "neutral": "el pedido"}
    wrong = {"positive": "negative", "negative": "neutral", "neutral": "positive"}
    rows = [(f"{text} {number}", label) for label, text in plain.items() for number in range(8)]
    file = written(tmp_path / "wrong.csv", [(text, wrong[label]) for text, label in rows])
    right = written(tmp_path / "right.csv", [(f"{text}!", label) for text, label in rows])
    with pytest.raises(CommandError, match="word lists"):
        run(file=file, evaluate=right, tenant=tenant.name, language="es", activate=True)
    assert reads(tenant, plain["positive"]) == "positive"


def test_corrections_are_learnt_with_what_was_left_as_it_was(tenant: TenantModel, chat: ChatModel) -> None:
    rows = examples(seed=5, each=8)
    moods = {row.text: row.label for row in rows}
    messages = [ask(tenant, chat, text) for text in moods]
    left = ask(tenant, chat, "¡Muchas gracias, son estupendos!")
    with in_tenant(tenant):
        uncorrected = create_chat(user_id="someone-else", channel="api")
    elsewhere = ask(tenant, uncorrected, "Todo muy bien, excelente")
    with tenant_scope(tenant):
        for message in [*messages, left, elsewhere]:
            analyze_message(message.pk)
        for message in messages:
            correct_sentiment(message_id=message.pk, sentiment=Sentiment(moods[message.content]), by=None)
        texts = {row.text: row.label for row in corrected_texts()}
    assert texts == {**moods, left.content: "positive"}
    run(tenant=tenant.name, language="es", activate=True)
    assert reads(tenant, UNSEEN) == "negative"


def test_without_corrections_there_is_nothing_to_learn(tenant: TenantModel) -> None:
    with pytest.raises(CommandError, match="nothing to learn"):
        run(tenant=tenant.name)


def test_too_few_texts_are_refused_with_their_counts(tenant: TenantModel, tmp_path: Path) -> None:
    file = written(tmp_path / "few.csv", [("muy bien", "positive"), ("muy mal", "negative")])
    with pytest.raises(CommandError, match=r"at least five.*'negative': 1"):
        run(file=file, tenant=tenant.name, language="es")


def test_each_bad_line_is_told(tenant: TenantModel, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text('text,label\nbien,positive\n,negative\n"mal\nde verdad",furious\nsolo,\n', "utf-8")
    with pytest.raises(CommandError) as refused:
        run(file=file, tenant=tenant.name)
    assert str(refused.value).splitlines() == [
        "bad.csv:3: The text is missing.",
        "bad.csv:4: “furious” is no label.",
        "bad.csv:6: The label is missing.",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "bad.csv:1: "),
        ("a,b\n1,2\n", "there is no text, label among: a, b"),
        ("text,label\n", "nothing in the file"),
        ("text,label\nx" + "y" * (1 << 21) + ",positive\n", "bad.csv:2: The row cannot be read"),
    ],
)
def test_file_that_is_no_table_of_labels_is_refused(
    tenant: TenantModel, tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content, "utf-8")
    with pytest.raises(CommandError, match=message):
        run(file=file, tenant=tenant.name)


def test_missing_file_is_told(tenant: TenantModel, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv:1"):
        run(file=tmp_path / "nowhere.csv", tenant=tenant.name)


@pytest.mark.parametrize("name", ["moods.jsonl", "moods.json", "moods.jsonl.gz"])
def test_json_is_read_as_well(tenant: TenantModel, tmp_path: Path, name: str) -> None:
    rows = [{"Texto": row.text, "etiqueta": row.label} for row in examples(seed=1)]
    text = json.dumps(rows) if name.endswith(".json") else "\n".join(map(json.dumps, rows))
    file = tmp_path / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    assert run(file=file, tenant=tenant.name, language="es")["models"][0]["held_out"] > 20


def test_bad_json_lines_are_told_by_number(tenant: TenantModel, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"text": "bien", "label": "positive"}\n{"text": \n[1]\n', "utf-8")
    with pytest.raises(CommandError) as refused:
        run(file=file, tenant=tenant.name)
    assert [line.split(" ")[0] for line in str(refused.value).splitlines()] == ["bad.jsonl:2:", "bad.jsonl:3:"]


def test_labels_are_understood_in_both_languages_and_as_numbers() -> None:
    assert [read_sentiment(label) for label in ("Positivo", "NEG", " neutro ", "-1", "2", "happy")] == [
        "positive", "negative", "neutral", "negative", None, None,
    ]  # fmt: skip


def test_languages_are_told_apart_and_each_text_is_learnt_once() -> None:
    rows = [
        LabelledText("el pedido no ha llegado todavía", "negative"),
        LabelledText("el pedido no ha llegado todavía", "neutral"),
        LabelledText("where is my parcel, please?", "neutral"),
        LabelledText("ok", "neutral", "en"),
        LabelledText("où est mon colis", "neutral", "fr"),
    ]
    texts, others = by_language(rows)
    assert {language: [row.label for row in found] for language, found in texts.items()} == {
        "es": ["neutral"],
        "en": ["neutral", "neutral"],
    }
    assert others == 1


def test_same_file_gives_the_same_weights(tenant: TenantModel, file: Path) -> None:
    once, again = (run(file=file, tenant=tenant.name, language="es")["models"][0] for _ in range(2))
    assert once["version"] == again["version"]


def test_figures_are_told_in_spanish(tenant: TenantModel, file: Path) -> None:
    out = StringIO()
    call_command(
        "train_sentiment", file=file, tenant=tenant.name, language="es", lang="es", no_progress=True, stdout=out
    )
    assert "textos no vistos" in out.getvalue()
    assert "sin usar" in out.getvalue()
