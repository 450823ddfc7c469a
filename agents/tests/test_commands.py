"""import_knowledge as an operator types it."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents.models import AgentKnowledgeBase, AgentModel, KnowledgeBase, KnowledgeDocument
from agents.tests.support import ask
from tenants.models import TenantModel
from tenants.scope import in_tenant


def run(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("import_knowledge", *arguments, "--no-progress", stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    path = tmp_path / "faq.csv"
    path.write_text("pregunta,respuesta\n¿Hay talleres?,Los sábados a las diez.\n")
    return path


def test_a_file_is_imported_and_answered_from(tenant: TenantModel, faq: Path) -> None:
    assert "1 new, 0 changed, 0 as they were, 0 errors" in run(f"--file={faq}")
    assert ask(tenant, "¿hay talleres?").text == "Los sábados a las diez."
    assert "0 new, 0 changed, 1 as they were" in run(f"--file={faq}")


def test_the_base_is_the_named_one_or_the_default_agents_or_general(tenant: TenantModel, faq: Path) -> None:
    run(f"--file={faq}", "--base=propia")
    run(f"--file={faq}")
    with in_tenant(tenant):
        assert list(KnowledgeBase.objects.values_list("name", flat=True)) == ["propia"]
        assert AgentKnowledgeBase.objects.filter(agent=AgentModel.objects.get()).count() == 1
        AgentKnowledgeBase.objects.all().delete()
    run(f"--file={faq}")
    with in_tenant(tenant):
        assert set(KnowledgeBase.objects.values_list("name", flat=True)) == {"propia", "general"}


def test_with_several_tenants_one_must_be_named(tenant: TenantModel, neighbour: TenantModel, faq: Path) -> None:
    with pytest.raises(CommandError) as error:
        run(f"--file={faq}")
    assert error.value.returncode == 2
    run(f"--file={faq}", "--tenant=acme")
    with in_tenant(neighbour):
        assert not KnowledgeDocument.objects.exists()
    with pytest.raises(CommandError, match="acme"):
        run(f"--file={faq}", "--tenant=acne")


def test_json_is_one_object_with_every_figure(tenant: TenantModel, faq: Path) -> None:
    report = json.loads(run(f"--file={faq}", "--json"))
    assert (report["created"], report["errors"], report["files"][0]["format"]) == (1, 0, "csv")


def test_a_refused_file_fails_and_the_report_names_its_lines(tenant: TenantModel, tmp_path: Path) -> None:
    bad, report = tmp_path / "bad.csv", tmp_path / "report.json"
    bad.write_text("question,answer\nQ1?,A1\nQ2?,\n")
    with pytest.raises(CommandError, match=r"bad\.csv"):
        run(f"--file={bad}", f"--report={report}")
    (problem,) = json.loads(report.read_text())["files"][0]["problems"]
    assert (problem["line"], problem["code"]) == (3, "missing_answer")
    assert "1 new" in run(f"--file={bad}", "--level=lenient")


def test_a_folder_is_imported_whole_and_again_without_change(tenant: TenantModel, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.csv").write_text("question,answer\nQ1?,A1\nQ2?,A2\n")
    (tmp_path / "below" / "b.json").write_text(
        '[{"question": "Q1?", "answer": "other"}, {"question": "Q3?", "answer": "A3"}]'
    )
    (tmp_path / "ignored.exe").write_text("x")
    assert "4 new" in run(f"--directory={tmp_path}")
    assert "0 new, 0 changed, 4 as they were" in run(f"--directory={tmp_path}")


def test_a_dry_run_changes_nothing(tenant: TenantModel, faq: Path) -> None:
    assert "1 new" in run(f"--file={faq}", "--dry-run")
    with in_tenant(tenant):
        assert not KnowledgeDocument.objects.exists()


def test_a_dry_run_makes_no_base(tenant: TenantModel, faq: Path) -> None:
    assert "nueva: 1 new" in run(f"--file={faq}", "--dry-run", "--base=nueva")
    with in_tenant(tenant):
        assert not KnowledgeBase.objects.exists()


@pytest.mark.parametrize("wrong", ["--base=" + "x" * 101, "--report=/nowhere/report.json"])
def test_nothing_is_imported_where_its_place_is_none(tenant: TenantModel, faq: Path, wrong: str) -> None:
    with pytest.raises(CommandError):
        run(f"--file={faq}", wrong)
    with in_tenant(tenant):
        assert not KnowledgeDocument.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((), 2), (("--file=/nowhere.csv",), 1), (("--file=/dev/null", "--mapping=nonsense"), 2)],
)
def test_wrong_usage_says_so(tenant: TenantModel, arguments: tuple[str, ...], code: int) -> None:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert error.value.returncode == code
