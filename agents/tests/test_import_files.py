"""Reading people's files: tables, JSON of any nesting, XML, pages, encodings, and what is wrong in them by line."""

import gzip
from pathlib import Path

import pytest

from agents.models import KnowledgeDocument
from agents.services.bases import base_for_import
from agents.services.importing.importer import FileReport, Importer, ImportOptions
from tenants.models import TenantModel
from tenants.scope import in_tenant, tenant_scope


def load(tenant: TenantModel, path: Path, **options: object) -> FileReport:
    with tenant_scope(tenant):
        base, _ = base_for_import("base")
        return Importer(base, ImportOptions(**options)).run([path]).files[0]  # type: ignore[arg-type]


def stored(tenant: TenantModel) -> dict[str, str]:
    with in_tenant(tenant):
        return dict(KnowledgeDocument.objects.values_list("title", "content"))


def written(tmp_path: Path, name: str, text: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


TABLE = '\ufeffpregunta;Respuesta;categoría;;\r\nDónde está A;"En el piso 1\n- a la izquierda";tiendas;;\r\n;;;;\n'
JSON_NESTED = '{"hotel": {"0": {"name": "Sol", "docs": {"0": {"title": "Is there parking?", "body": "Yes."}}}}}'
JSON_SPOKEN = '[{"id": "a", "question_es": "¿Qué es?", "answer_html_es": "<p>Una <b>red</b>.</p><p>Abierta.</p>",'
JSON_SPOKEN += ' "question_en": "What is it?", "answer_html_en": "<p>A net &amp; more.</p>"}]'
POSTS = """<posts><row Id="1" PostTypeId="1" Title="How to store coffee?" Body="&lt;p&gt;Hm&lt;/p&gt;" />
<row Id="2" PostTypeId="2" ParentId="1" Body="&lt;p&gt;In the dark.&lt;/p&gt;&#xA;" Score="3" /></posts>"""
ANDROID = """<resources><string-array name="faq"><item>###Avisos</item><item>#No \\"suenan\\"</item>
<item>Actívalos.</item><item> </item><item>#¿Y ahora?</item><item><![CDATA[<b>Reinicia</b>.]]></item></string-array>
</resources>"""
MARKDOWN = "Intro aquí.\n\n# Cuidados\nRegar **poco**.\n\n## Luz\nVer [guía](http://x).\n\n```\n# no es título\n```\n"
HTML_CELL = 'q,a\nQ?,"<div><p>One</p><ul><li>two</li></ul><script>x</script>&nbsp;&copy;</div>"\n'
FENCED = "Ver guía.\n\n```\n# no es título\n```"
CASES = {
    "semicolons.csv": (TABLE, {"Dónde está A": "En el piso 1\n- a la izquierda"}),
    "tabs.tsv": ("question\tanswer\nQ one?\tA one\n", {"Q one?": "A one"}),
    "mixed_rows.csv": ('question,answer\r\nQ1?,"a\nb"\nQ2?,"c\r\nd"\r\n', {"Q1?": "a\nb", "Q2?": "c\nd"}),
    "no_header.csv": ("¿Wifi?,Sí en todas partes\n¿Y té?,Sí\n", {"¿Wifi?": "Sí en todas partes", "¿Y té?": "Sí"}),
    "html.csv": (HTML_CELL, {"Q?": "One\n\n- two\n©"}),
    "keys.json": ('{"temas": {"pagos": [{"p": "¿Nequi?", "r": "Sí."}]}}', {"¿Nequi?": "Sí."}),
    "nested.json": (JSON_NESTED, {"Sol – Is there parking?": "Yes."}),
    "spoken.json": (JSON_SPOKEN, {"¿Qué es?": "Una red.\n\nAbierta.", "What is it?": "A net & more."}),
    "flat.json": ('{"¿Abren hoy?": "Sí.", "¿Y mañana?": "No."}', {"¿Abren hoy?": "Sí.", "¿Y mañana?": "No."}),
    "office.json": ('[{"nombre": "Sur", "horario": "9 a 14", "piso": "5"}]', {"Sur": "Horario: 9 a 14\nPiso: 5"}),
    "lines.jsonl": ('{"title": "T1", "text": "uno"}\n\n{"title": "T2", "text": "dos"}\n', {"T1": "uno", "T2": "dos"}),
    "posts.xml": (POSTS, {"How to store coffee?": "In the dark."}),
    "android.xml": (ANDROID, {'No "suenan"': "Actívalos.", "¿Y ahora?": "Reinicia."}),
    "items.xml": ("<f><i><pregunta>¿A?</pregunta><respuesta>B</respuesta></i></f>", {"¿A?": "B"}),
    "guide.md": (MARKDOWN, {"guide": "Intro aquí.", "Cuidados": "Regar poco.", "Cuidados – Luz": FENCED}),
    "page.html": ("<html><head><title>Hola</title></head><body><h1>Uno</h1>dos</body></html>", {"Hola": "Uno\ndos"}),
    "nota_corta.txt": ("Solo texto.\n", {"nota corta": "Solo texto."}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_files_are_read_as_people_write_them(tenant: TenantModel, tmp_path: Path, name: str) -> None:
    text, expected = CASES[name]
    report = load(tenant, written(tmp_path, name, text))
    assert (report.errors, report.refused) == (0, False), report.problems
    assert stored(tenant) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_other_encodings_are_recognised(tenant: TenantModel, tmp_path: Path, encoding: str) -> None:
    rows = "".join(f"¿Cuánto cuesta el envío número {n}?,Mañana será más barato según el año {n}\n" for n in range(9))
    report = load(tenant, written(tmp_path, "x.csv", ("pregunta,respuesta\n" + rows).encode(encoding)))
    assert report.errors == 0
    assert "Mañana será más barato según el año 3" in stored(tenant).values()


def test_gzip_is_unpacked(tenant: TenantModel, tmp_path: Path) -> None:
    load(tenant, written(tmp_path, "x.csv.gz", gzip.compress(b"question,answer\nQ?,A\n")))
    assert stored(tenant) == {"Q?": "A"}


def test_a_mapping_names_the_columns(tenant: TenantModel, tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "Tema,Subtema,Qué dice el cliente,Lo que decimos\nA,B,¿Hola?,Adiós\n")
    assert load(tenant, path).refused
    load(tenant, path, mapping={"title": "Qué dice el cliente", "content": "lo que decimos"})
    assert stored(tenant) == {"¿Hola?": "Adiós"}


BROKEN = 'question,answer\nQ1?,A1\n,A2\nQ3?,\n,\nQ5?,"A5\nQ1?,A1\n'


def test_strict_takes_nothing_from_a_file_with_errors_and_names_each_line(tenant: TenantModel, tmp_path: Path) -> None:
    report = load(tenant, written(tmp_path, "x.csv", BROKEN), level="strict")
    assert report.refused
    assert stored(tenant) == {}
    assert [(problem.line, problem.code) for problem in report.problems] == [
        (3, "missing_question"), (4, "missing_answer"), (5, "empty_row"), (6, "broken_row")
    ]  # fmt: skip


def test_lenient_takes_the_good_rows_and_names_the_bad_ones(tenant: TenantModel, tmp_path: Path) -> None:
    report = load(tenant, written(tmp_path, "x.csv", BROKEN), level="lenient")
    assert not report.refused
    assert (stored(tenant), report.errors) == ({"Q1?": "A1"}, 3)


def test_doubtful_rows_are_told_but_taken_by_the_strict_level(tenant: TenantModel, tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "question,answer,\nQ?,A,\n,,\nQ?,A,\nQ?,B,\n")
    report = load(tenant, path, level="strict")
    assert not report.refused
    codes = [problem.code for problem in report.problems]
    assert codes == ["nameless_column", "empty_row", "duplicate", "other_answer"]
    with in_tenant(tenant):
        assert sorted(KnowledgeDocument.objects.values_list("content", flat=True)) == ["A", "B"]


def test_importing_again_changes_nothing_and_a_new_answer_updates(tenant: TenantModel, tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "question,answer\nQ1?,A\nQ1?,B\nQ2?,C\n")
    first, again = load(tenant, path), load(tenant, path)
    assert (first.stored.created, again.stored.unchanged, again.stored.created, again.stored.updated) == (3, 3, 0, 0)
    newer = load(tenant, written(tmp_path, "newer.csv", "question,answer\nQ2?,C new\nQ3?,D\n"))
    assert (newer.stored.updated, newer.stored.created) == (1, 1)
    assert stored(tenant)["Q2?"] == "C new"


def test_a_dry_run_counts_exactly_and_changes_nothing(tenant: TenantModel, tmp_path: Path) -> None:
    load(tenant, written(tmp_path, "x.csv", "question,answer\nQ1?,A\nQ2?,B\n"))
    report = load(tenant, written(tmp_path, "y.csv", "question,answer\nQ1?,A\nQ2?,new\nQ3?,C\n"), dry_run=True)
    assert (report.stored.created, report.stored.updated, report.stored.unchanged) == (1, 1, 1)
    assert stored(tenant) == {"Q1?": "A", "Q2?": "B"}
