"""The plan is the same for the same seed, parts add up, and what is wrong is seen."""

import random
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.core.management import CommandError, call_command

from tests.chaos.file import OtherRunError, RunFile
from tests.chaos.people import Person, Said
from tests.chaos.plan import FLUSH, PROCESSES, VALKEY, Plan
from tests.chaos.recovery import Answered, percentile, recoveries
from tests.chaos.report import totals
from tests.chaos.striking import Struck
from tests.chaos.verdict import Chat, Stored, Verdict, judge_acknowledgements, judge_chat, judge_view

NAME = {"scenario": "kills", "seed": 7, "count": 4, "every": 3.0, "messages": 100, "people": 30, "tenants": 4}


def part(first: int, *, lost: int = 0) -> dict[str, Any]:
    """Return the report of a part with two blows."""
    row = {"blow": first, "name": "web", "at": 1.0, "back": 2.0, "seen": [1.0, 3.0], "stored": [1.0], "waited": [0.5]}
    counts = {"said": 50, "accepted": 50, "sent_again": 3, "replies": 40, "connections": 41, "seconds": 6.0}
    verdict = {"lost": [f"message {number}" for number in range(lost)], "handed_over": []}
    return {
        **counts,
        "first": first,
        "blows": 2,
        "load": [1, 2, 3],
        "faults": lost,
        "verdict": verdict,
        "recovery": [row],
    }


def person(*said: Said) -> Person:
    """Return somebody who said something."""
    made = Person("p1", "http://127.0.0.1", httpx2.AsyncClient(), random.Random(1), chat_id="c")
    made.said = list(said)
    return made


def stored(sequence: int, sender: str = "user", *, answers: int = 0, key: str = "") -> Stored:
    """Return a message of the database."""
    return Stored("c", sequence, f"id{sequence}", sender, sender == "agent", key, answers, 0.0)


def test_the_same_seed_gives_the_same_blows_whatever_part_they_are_in() -> None:
    whole = list(Plan("kills", 5, 40, 3.0).blows(0, 40))
    in_parts = [blow for first in (0, 15, 30) for blow in Plan("kills", 5, 40, 3.0).blows(first, 15)]
    assert in_parts == whole
    assert {blow.name for blow in whole} == set(PROCESSES)
    assert list(Plan("kills", 6, 40, 3.0).blows(0, 40)) != whole


def test_valkey_is_emptied_every_few_seconds_and_away_for_the_last_minute_while_people_write() -> None:
    blows = list(Plan("valkey", 1, 16, 5.0).blows(0, 16))
    assert {blow.pause for blow in blows} == {5.0}
    assert [blow.name for blow in blows] == [FLUSH] * 3 + [VALKEY] + [FLUSH] * 12
    assert blows[3].away == 60


def test_parts_add_up() -> None:
    found = totals(NAME, [part(0), part(2, lost=1)])
    assert (found["done"], found["said"], found["faults"], found["verdict"]["lost"]) == (4, 100, 1, 1)
    assert found["recovery"]["web"]["messages"] == 4
    assert found["seed"] == 7


def test_a_run_goes_on_after_its_finished_parts(tmp_path: Path) -> None:
    RunFile.open(tmp_path / "run.json", NAME).add(part(0))
    assert RunFile.open(tmp_path / "run.json", NAME).done == 2


def test_parts_of_another_seed_do_not_add_up(tmp_path: Path) -> None:
    RunFile.open(tmp_path / "run.json", NAME).add(part(0))
    with pytest.raises(OtherRunError, match="seed 7"):
        RunFile.open(tmp_path / "run.json", {**NAME, "seed": 8})


def test_a_message_that_was_acknowledged_and_is_not_there_is_lost() -> None:
    verdict = Verdict()
    judge_acknowledgements(verdict, person(Said("m1", "?", by_socket=False, sequence=1, message_id="id1")), [])
    assert (len(verdict.lost), verdict.faults) == (1, 1)


def test_one_that_was_not_acknowledged_may_be_missing() -> None:
    verdict = Verdict()
    judge_acknowledgements(verdict, person(Said("m1", "?", by_socket=False)), [])
    assert verdict.faults == 0


def test_a_message_stored_twice_is_seen() -> None:
    verdict, said = Verdict(), Said("m1", "?", by_socket=False, sequence=1, message_id="id1")
    judge_acknowledgements(verdict, person(said), [stored(1, key="m1"), stored(2, key="m1")])
    assert len(verdict.stored_twice) == 1


@pytest.mark.parametrize(
    ("messages", "answered_sequence", "wrong"),
    [
        ([stored(1), stored(2, "agent", answers=1)], 1, set()),
        ([stored(1), stored(2), stored(3, "agent", answers=2)], 2, set()),
        ([stored(1), stored(2, "agent", answers=1), stored(3, "agent", answers=1)], 1, {"answered_twice"}),
        ([stored(1), stored(3, "agent", answers=1)], 1, {"holes"}),
        ([stored(1), stored(2, "agent", answers=1), stored(3)], 1, {"unanswered"}),
        ([stored(1), stored(2, "agent", answers=1)], 0, {"unanswered"}),
    ],
)
def test_what_is_wrong_in_a_chat_is_seen(messages: list[Stored], answered_sequence: int, wrong: set[str]) -> None:
    verdict = Verdict()
    judge_chat(verdict, Chat("c", len(messages), len(messages), answered_sequence, "active"), messages)
    assert {kind for kind, found in vars(verdict).items() if found} == wrong


def test_what_a_person_did_not_see_or_saw_in_the_wrong_order_is_seen() -> None:
    verdict, somebody = Verdict(), person()
    for sequence in (1, 3, 2):
        somebody._take({"sequence": sequence, "id": f"id{sequence}"})
    judge_view(verdict, somebody, [stored(sequence) for sequence in (1, 2, 3, 4)])
    assert (len(verdict.out_of_order), len(verdict.unseen)) == (2, 1)


def test_recovery_counts_what_waited_at_the_blow_and_what_was_sent_until_all_was_back() -> None:
    before, waiting, during, after = (
        Answered(sent, seen, seen) for sent, seen in ((1, 2), (9, 14), (11, 15), (14, 15))
    )
    (row,) = recoveries([Struck(0, "web", at=10.0, back_at=13.0)], [before, waiting, during, after])
    assert (row["seen"], row["waited"], row["back"]) == ([4.0, 5.0], [4.0, 4.0], 3.0)


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([5.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([], 0.5) is None


@pytest.mark.django_db  # how each command last did is kept
def test_the_command_reports_what_a_file_holds(tmp_path: Path) -> None:
    options = {"kills": 4, "seed": 7, "resume": tmp_path / "run.json", "report": True, "lang": "es"}
    RunFile.open(tmp_path / "run.json", NAME).add(part(0))
    said = StringIO()
    call_command("chaos", **options, stdout=said)
    assert "semilla 7" in said.getvalue()
    RunFile.open(tmp_path / "run.json", NAME).add(part(2, lost=1))
    with pytest.raises(CommandError, match="1"):
        call_command("chaos", **options, stdout=StringIO())
