"""What is wrong in a round, or with an endpoint, is seen; what the machine was too slow for does not count."""

import json
from typing import Any

import httpx2
import pytest

from notifications.tests.receiver import Heard
from tests.chaos.games import DEBOUNCE, judge_burst, judge_takeover
from tests.chaos.installation import Tenant
from tests.chaos.outage import added, renamed
from tests.chaos.plan import Plan
from tests.chaos.report import in_words, totals
from tests.chaos.rounds import Round
from tests.chaos.verdict import Chat, Stored

NAME = {"scenario": "webhooks", "seed": 7, "count": 2, "every": 0.0, "messages": 0, "people": 1, "tenants": 1}


def played(**notes: Any) -> Round:
    """Return a round that was played."""
    http = httpx2.AsyncClient()
    return Round(0, Plan("bursts", 1, 1, 0.0), Tenant("t", "k", "s"), "http://127.0.0.1", http, "c", notes=notes)


def message(sequence: int, sender: str = "user", *, at: float = 0.0, answers: int = 0) -> Stored:
    """Return a message of the database."""
    return Stored("c", sequence, f"id{sequence}", sender, sender == "agent" and bool(answers), "", answers, at)


def chat(answered: int) -> Chat:
    """Return a conversation that counts as answered up to a number."""
    return Chat("c", 0, 0, answered, "active")


@pytest.mark.parametrize(
    ("messages", "answered", "wrong"),
    [
        ([message(1), message(2, at=0.9), message(3, "agent", answers=2)], 2, set()),
        (
            [message(1), message(2, "agent", answers=1), message(3, at=0.9), message(4, "agent", answers=3)],
            3,
            {"split"},
        ),
        ([message(1), message(2, at=0.9), message(3, "agent", answers=1)], 1, {"split"}),
        ([message(1), message(2, at=0.9)], 0, {"split"}),
    ],
)
def test_a_burst_has_one_reply_to_all_of_it(messages: list[Stored], answered: int, wrong: set[str]) -> None:
    found = judge_burst(played(), chat(answered), messages)
    assert found is not None
    assert set(found) == wrong


def test_fragments_that_came_too_late_are_no_burst() -> None:
    assert judge_burst(played(), chat(0), [message(1), message(2, at=DEBOUNCE)]) is None


def test_fragments_that_were_stored_too_late_are_no_burst() -> None:
    burst = played()
    burst.acknowledged = {1: 0.1, 2: DEBOUNCE}
    assert judge_burst(burst, chat(0), [message(1), message(2, at=0.9)]) is None


def test_an_agents_message_after_the_staffs_is_seen() -> None:
    messages = [message(1), message(2, "staff"), message(3, "agent")]
    assert judge_takeover(played(staff=2, was_writing=True), chat(0), messages) == {"talked_over": "[3] after 2"}
    assert judge_takeover(played(staff=2, was_writing=True), chat(0), messages[:2]) == {}


def test_a_round_in_which_nothing_was_being_written_does_not_count() -> None:
    before = [message(1), message(2, "agent", answers=1), message(3, "staff")]
    assert judge_takeover(played(staff=3, was_writing=True), chat(1), before) is None
    assert judge_takeover(played(staff=2, was_writing=False), chat(0), [message(1), message(2, "staff")]) is None


def heard(webhook_id: str, event: str, text: str = "") -> Heard:
    """Return a call about an event."""
    return Heard({"webhook-id": webhook_id}, json.dumps({"data": {"message": {"id": event, "content": text}}}))


def test_an_event_keeps_its_id_and_its_text_over_all_calls() -> None:
    assert renamed([heard("a", "1"), heard("a", "1"), heard("b", "2")]) == []
    assert renamed([heard("a", "1"), heard("b", "1")]) == ["1 as 2"]
    assert renamed([heard("a", "1"), heard("a", "1", "other")]) == ["1 as 2"]
    assert renamed([heard("a", "1"), heard("a", "2")]) == ["a for 2 events"]


def test_half_hours_add_up_and_are_told_in_words() -> None:
    told = {"behaved": "hanging", "events": 9, "calls": 14, "twice": 0, "minutes": 3.5}
    counts = {"said": 9, "accepted": 9, "sent_again": 0, "replies": 0, "connections": 0, "faults": 1, "seconds": 5.0}
    one = {**counts, "verdict": {"lost": ["x"]}, "told": [told], "delays": [0.25], "load": [1, 2, 3], "recovery": []}
    part = {**added([one, one]), "first": 0, "blows": 2}
    found = totals(NAME, [part])
    assert (found["said"], found["verdict"], found["delays"]) == (18, {"lost": 2}, [0.25, 0.25])
    assert in_words(found).count("hanging: 9 events in 14 calls, 0 twice; all there 3.5 min after") == 2
