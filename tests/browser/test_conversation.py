"""A conversation from the first question to the rating, on the front page."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Route, expect

from tests.browser.visitor import ANSWER_MS, OPENING_HOURS, VisitorFactory

PROPOSAL = {
    "id": "1", "sequence": 1, "sender": "agent", "content": f"Perhaps one of these helps:\n\n- {OPENING_HOURS['en']}",
    "content_type": "text", "language": "en", "timestamp": "2026-01-01T00:00:00Z", "client_message_id": None,
    "in_response_to": None, "author": None, "citations": [], "media": [],
    "blocks": [["p", {}, "Perhaps one of these helps:"], ["ul", {}, ["li", {}, OPENING_HOURS["en"]]]],
}  # fmt: skip


@pytest.mark.parametrize("lang", ["es", "en"])
def test_a_question_gets_a_streamed_answer_with_its_sources(visitor: VisitorFactory, lang: str) -> None:
    person = visitor(lang).visit()
    person.page.evaluate("void Charla.on('reply', ({reply}) => (window.__seen ??= []).push(reply.text))")
    text = person.ask_and_wait(OPENING_HOURS[lang])
    assert len(text) > 20
    growing = person.page.evaluate("window.__seen")
    assert len(growing) >= 1, "the answer did not stream"
    assert all(later.startswith(earlier) for earlier, later in pairwise(growing))
    person.sources().click()
    expect(person.widget.locator(".sources cite").first).to_be_visible()
    person.assert_nothing_to_complain()


def test_the_question_shows_at_once_and_becomes_sent(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    held: list[Route] = []
    person.page.route("**/api/v1/widget/sessions/", lambda route: held.append(route))
    person.ask("Hello")
    expect(person.widget.locator(".log > .mine")).to_contain_text("Sending")
    held[0].continue_()
    expect(person.widget.locator(".log > .mine .meta")).to_contain_text("Sent", timeout=ANSWER_MS)


def test_a_suggestion_is_a_question_in_one_click(visitor: VisitorFactory) -> None:
    person = visitor("es").visit()
    person.widget.locator(".suggestions button").first.click()
    assert person.answer(1)
    expect(person.mine).to_have_text([OPENING_HOURS["es"]])
    expect(person.widget.locator(".welcome")).to_be_hidden()


def test_a_question_that_an_answer_proposes_is_asked_by_a_click(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    person.page.route(
        re.compile(r"/messages/\?"),
        lambda route: route.fulfill(json={"next": None, "previous": None, "results": [PROPOSAL]}),
    )
    person.ask_and_wait("Hello")
    person.page.reload()
    person.widget.locator(".log").get_by_role("button", name=OPENING_HOURS["en"]).click()
    expect(person.mine).to_have_text([OPENING_HOURS["en"]])


def test_a_reload_keeps_the_conversation_and_goes_on_in_it(visitor: VisitorFactory) -> None:
    person = visitor("es").visit()
    text = person.ask_and_wait(OPENING_HOURS["es"])
    person.page.reload()
    assert person.answer(1) == text
    expect(person.mine).to_have_text([OPENING_HOURS["es"]])
    expect(person.sources()).to_have_count(1)
    person.ask_and_wait("gracias")
    expect(person.mine).to_have_count(2)
    person.assert_nothing_to_complain()


def test_a_second_window_shows_the_same_conversation_live(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    person.ask_and_wait("Hello")
    other = person.new_page()
    other.goto(f"{person.site}/?lang=en")
    bubbles = other.locator("charla-widget .log > .mine .bubble")
    expect(bubbles).to_have_text(["Hello"], timeout=ANSWER_MS)
    person.ask(OPENING_HOURS["en"])
    expect(bubbles).to_have_text(["Hello", OPENING_HOURS["en"]], timeout=ANSWER_MS)


def test_asking_for_a_human_says_what_happens_next(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    person.ask_and_wait("Hello")
    person.button("human").click()
    expect(person.widget.locator(".news")).to_contain_text("We have told the team")
    expect(person.widget.locator(".names")).to_contain_text("Waiting for a person")
    expect(person.button("human")).to_be_hidden()
    person.page.reload()
    expect(person.widget.locator(".names")).to_contain_text("Waiting for a person")
    person.assert_nothing_to_complain()


def test_a_rating_takes_stars_and_a_comment(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    expect(person.button("rate")).to_be_hidden()
    person.ask_and_wait("Hello")
    person.button("rate").click()
    person.page.get_by_role("button", name="Send rating").click()
    expect(person.page.get_by_text("Choose from 1 to 5 stars.")).to_be_visible()
    person.page.get_by_role("radio", name="4 · Good").check()
    person.page.get_by_role("textbox", name="Comment (optional)").fill("quick and clear")
    with person.page.expect_response(re.compile(r"/rating/$")) as answer:
        person.page.get_by_role("button", name="Send rating").click()
    assert answer.value.ok
    assert answer.value.request.post_data_json == {"rating": 4, "comment": "quick and clear"}
    expect(person.widget.locator(".news").last).to_have_text("Thank you for your rating.")
    person.assert_nothing_to_complain()


def test_a_conversation_that_ends_asks_for_its_rating_once(visitor: VisitorFactory) -> None:
    person = visitor("es").visit()
    with person.page.expect_response(re.compile(r"/widget/sessions/$")) as begun:
        person.ask_and_wait("Hola")
    session, form = begun.value.json(), person.widget.locator("form.rating")

    def complete() -> None:
        path = f"{person.site}/api/v1/chats/{session['chat']['chat_id']}/complete/"
        person.page.request.post(path, headers={"Authorization": f"Bearer {session['token']}"})

    complete()
    expect(form.get_by_text("¿Qué tal fue la conversación?")).to_be_visible()
    expect(person.field).to_be_focused()
    person.ask_and_wait("Una cosa más: hola")
    expect(form).to_be_hidden()
    complete()
    form.get_by_role("radio", name="5 · Muy buena").check()
    form.get_by_role("button", name="Enviar valoración").click()
    expect(person.widget.locator(".news").last).to_have_text("¡Gracias por la valoración!")
    person.ask_and_wait("Y otra: hola")
    complete()
    expect(person.widget.locator(".news").last).to_contain_text("se dio por terminada")
    expect(form).to_be_hidden()
    person.assert_nothing_to_complain()


def test_a_new_conversation_starts_empty_and_works(visitor: VisitorFactory) -> None:
    person = visitor("es").visit()
    person.ask_and_wait("Hola")
    person.button("new").click()
    expect(person.mine).to_have_count(0)
    expect(person.widget.locator(".suggestions button").first).to_be_visible()
    person.ask_and_wait(OPENING_HOURS["es"])
    person.page.reload()
    expect(person.mine).to_have_text([OPENING_HOURS["es"]], timeout=ANSWER_MS)


def test_the_language_switch_changes_every_word_and_keeps_the_conversation(visitor: VisitorFactory) -> None:
    person = visitor("es").visit()
    text = person.ask_and_wait(OPENING_HOURS["es"])
    person.page.get_by_role("button", name="Switch to English").click()
    expect(person.page.get_by_role("textbox", name="Write your message")).to_be_visible()
    expect(person.page.get_by_role("button", name="Talk to a person")).to_be_visible()
    assert person.answer(1)[:40] == text[:40]
    person.page.reload()
    expect(person.page.get_by_role("textbox", name="Write your message")).to_be_visible()
    person.page.goto(f"{person.site}/?lang=en")
    expect(person.page.get_by_role("textbox", name="Write your message")).to_be_visible()


def test_an_over_long_message_is_refused_before_it_is_sent(visitor: VisitorFactory) -> None:
    person = visitor("en").visit()
    person.ask("x" * 10_001)
    expect(person.page.get_by_text("The message has 10,001 characters and the limit is 10,000")).to_be_visible()
    expect(person.mine).to_have_count(0)
    person.ask_and_wait("Hello")
