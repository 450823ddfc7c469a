"""Files and formatted text as people meet them: sent, seen and kept in the widget and in the administration."""

import io
import re
import time
import wave
from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.visitor import ANSWER_MS, VisitorFactory

STRICT: Final = "default-src 'none'; base-uri 'none'; form-action 'none'"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A picture, a table and a sound."""
    with wave.open(str(tmp_path / "note.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(16_000))
    Image.new("RGB", (900, 600), (20, 120, 110)).save(tmp_path / "garden.png")
    (tmp_path / "prices.csv").write_text("what;price\n")
    return {path.name: str(path) for path in tmp_path.iterdir()}


@pytest.mark.parametrize(("lang", "width"), [("es", 1280), ("en", 390)])
def test_files_are_chosen_sent_and_seen(visitor: VisitorFactory, files: dict[str, str], lang: str, width: int) -> None:
    person = visitor(lang, viewport={"width": width, "height": 800}).visit("/demo/")
    person.button("open").click()
    person.widget.locator("input[type=file]").set_input_files(list(files.values()))
    expect(person.widget.locator(".tray li")).to_have_count(3)
    person.widget.locator(".tray li button").first.click()
    expect(person.widget.locator(".tray li")).to_have_count(2)
    person.field.press("Enter")
    sent = person.widget.locator(".log > .mine .files")
    expect(sent).to_have_count(1)
    expect(person.widget.locator(".log > .mine time")).to_have_count(1, timeout=ANSWER_MS)
    assert person.page.evaluate("document.documentElement.scrollWidth") <= width
    person.assert_nothing_to_complain()


def is_drawn(canvas: Locator) -> bool:
    """Tell whether the middle of a canvas has the picture's colour."""
    colour = canvas.evaluate("(it) => [...it.getContext('2d').getImageData(240, 160, 1, 1).data].slice(0, 3)")
    return all(abs(got - drawn) < 12 for got, drawn in zip(colour, (20, 120, 110), strict=True))


def test_a_picture_is_drawn_enlarged_and_kept_under_the_strictest_policy(
    visitor: VisitorFactory, files: dict[str, str], site: str
) -> None:
    person, sockets = visitor("en"), site.replace("http", "ws")
    person.page.route(
        re.compile(r"/demo/"),
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            headers={
                **answer.headers,
                "content-security-policy": f"{STRICT}; script-src {site}; style-src {site}; img-src {site};"
                f" connect-src {site} {sockets}",
            },
        ),
    )
    person.visit("/demo/")
    person.button("open").click()
    person.widget.locator("input[type=file]").set_input_files([files["garden.png"], files["note.wav"]])
    person.field.press("Enter")
    canvas = person.widget.locator(".log > .mine:has(time) canvas")
    expect(canvas).to_have_js_property("width", 480, timeout=ANSWER_MS)
    until = time.monotonic() + ANSWER_MS / 1000
    while not is_drawn(canvas) and time.monotonic() < until:  # a canvas has its size before its picture
        person.page.wait_for_timeout(50)
    assert is_drawn(canvas)
    person.widget.locator("button.picture").click()
    expect(person.widget.locator(".view canvas")).to_have_js_property("width", 900, timeout=ANSWER_MS)
    with person.page.expect_download() as kept:
        person.page.get_by_role("button", name="Download garden.png").click()
    assert kept.value.suggested_filename == "garden.png"
    assert Image.open(io.BytesIO(Path(kept.value.path()).read_bytes())).size == (900, 600)
    person.page.keyboard.press("Escape")
    expect(person.widget.locator(".view")).to_have_count(0)
    person.page.get_by_role("button", name="Listen to note.wav").click()
    expect(person.page.get_by_role("button", name=re.compile("(Stop|Listen to) note.wav"))).to_be_visible()
    person.assert_nothing_to_complain(but="LOCAL_NETWORK|getImageData")


def test_a_file_that_is_not_taken_is_said_so_and_can_be_put_away(visitor: VisitorFactory, tmp_path: Path) -> None:
    (tmp_path / "game.exe").write_bytes(b"MZ\x90\x00\x03\x00")
    person = visitor("es").visit("/demo/")
    person.button("open").click()
    person.widget.locator("input[type=file]").set_input_files(str(tmp_path / "game.exe"))
    person.field.press("Enter")
    failed = person.widget.locator(".log > .failed")
    expect(failed).to_contain_text("No se admite este tipo de archivo", timeout=ANSWER_MS)
    failed.get_by_role("button", name="Descartar").click()
    expect(person.widget.locator(".log > .mine")).to_have_count(0)


def test_staff_send_a_file_and_formatted_text_and_the_visitor_sees_both(
    visitor: VisitorFactory, boss: VisitorFactory, files: dict[str, str], site: str
) -> None:
    person = visitor("en").visit("/demo/")
    person.button("open").click()
    person.widget.locator("input[type=file]").set_input_files(files["garden.png"])
    person.ask("My **garden** of today")
    expect(person.widget.locator(".log > .mine time")).to_have_count(1, timeout=ANSWER_MS)
    staff = boss("es", viewport={"width": 390, "height": 800})
    page = staff.page
    page.goto(f"{site}/admin/chats/chatmodel/")
    page.get_by_role("link", name=re.compile("My \\*\\*garden|Visitante|Visitor")).first.click()
    picture = page.locator(".ch-user .ch-picture img")
    expect(picture).to_have_js_property("naturalWidth", 480, timeout=ANSWER_MS)
    page.set_input_files(".ch-reply input[type=file]", files["prices.csv"])
    expect(page.locator("#ch-chosen")).to_have_text("prices.csv")
    page.fill("#ch-content", "**Mire** la [lista](https://example.org/lista)\n\n- uno\n- dos")
    page.get_by_role("button", name="Enviar").click()
    expect(page.locator(".ch-staff .ch-rich strong")).to_have_text("Mire")
    expect(person.widget.locator(".log > .staff .bubble strong")).to_have_text("Mire", timeout=ANSWER_MS)
    expect(person.widget.locator(".log > .staff .bubble li")).to_have_text(["uno", "dos"])
    expect(person.widget.locator(".log > .staff .file")).to_contain_text("prices.csv")
    with page.expect_download() as kept:
        page.locator(".ch-staff .ch-file").click()
    assert kept.value.suggested_filename == "prices.csv"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    staff.assert_nothing_to_complain(but="$^")
    person.assert_nothing_to_complain()
