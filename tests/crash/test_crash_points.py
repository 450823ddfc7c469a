"""Processes killed for real at the named lines: nothing accepted is lost, nothing is answered twice."""

import time

import httpx2
import pytest

from tests.crash.conftest import Installation, Person, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("crash")]

QUESTION = "What are your opening hours?"


def test_killed_before_the_commit_nothing_was_accepted(installation: Installation, person: Person) -> None:
    installation.crash_at("message.before_commit")
    with pytest.raises(httpx2.TransportError):
        person.say(QUESTION, "c1")
    installation.stack.wait_dead("web")
    assert installation.rows("SELECT last_sequence FROM chats_chatmodel WHERE chat_id = %s", person.chat_id) == [(0,)]
    installation.stack.restart("web")
    assert person.say(QUESTION, "c1").status_code == 201
    eventually(person.is_answered_once, "one answer")


def test_killed_after_the_commit_and_before_the_ring_the_sweeper_finds_it(
    installation: Installation, person: Person
) -> None:
    installation.crash_at("message.after_commit")
    with pytest.raises(httpx2.TransportError):
        person.say(QUESTION, "c1")
    installation.stack.wait_dead("web")
    installation.stack.restart("web")
    assert person.say(QUESTION, "c1").status_code == 200
    eventually(person.is_answered_once, "one answer")


@pytest.mark.parametrize("point", ["reply.mid_stream", "reply.before_commit", "reply.after_commit"])
def test_a_worker_killed_at_its_reply_leaves_exactly_one_answer(
    installation: Installation, person: Person, point: str
) -> None:
    installation.crash_at(point)
    assert person.say(QUESTION, "c1").status_code == 201
    installation.stack.wait_dead("worker")
    killed_at = time.monotonic()
    installation.stack.restart("worker")
    eventually(person.is_answered_once, "one answer")
    print(f"{point}: answered {time.monotonic() - killed_at:.1f} s after the kill")  # noqa: T201
    answers = installation.rows(
        "SELECT count(*) FROM chats_contentchatmodel m JOIN chats_chatmodel c ON c.id = m.chat_id"
        " WHERE c.chat_id = %s AND m.is_automatic",
        person.chat_id,
    )
    assert answers == [(1,)]


def test_without_a_broker_the_sweeper_answers(installation: Installation, person: Person) -> None:
    installation.stack.kill("worker")
    with installation.without_broker():
        assert person.say(QUESTION, "c1").status_code == 201
        eventually(person.is_answered_once, "one answer from the sweeper")


def test_a_broker_that_was_emptied_loses_nothing(installation: Installation, person: Person) -> None:
    installation.stack.kill("worker")
    assert person.say(QUESTION, "c1").status_code == 201
    installation.empty_broker()
    installation.stack.start("worker")
    eventually(person.is_answered_once, "one answer")


def test_a_backlog_is_worked_off_without_pauses(installation: Installation, person: Person) -> None:
    installation.stack.kill("worker")
    people = [person, *(Person(installation) for _ in range(29))]
    for number in range(20):
        for somebody in people:
            assert somebody.say(QUESTION, f"c{number}").status_code == 201
    installation.stack.start("worker")
    eventually(lambda: all(one.is_answered_to_the_end() for one in people), "answers that cover all questions")
