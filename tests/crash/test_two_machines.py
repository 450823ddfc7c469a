"""Two whole machines (web, worker, sweeper each) on one PostgreSQL and one Valkey: one installation."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from copy import copy

import httpx2
import pytest

from tests.crash.conftest import ROOT, Installation, Person, eventually
from tests.crash.test_sockets import dial, heard_until
from tests.support.servers import throwaway_servers
from tests.support.stack import ALL, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("crash")]
QUESTION = "What are your opening hours?"
PEOPLE = 12


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Installation]]:
    """Two machines that share nothing but the servers and the keys: each has a folder of its own."""
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    points = tmp_path_factory.mktemp("points")
    with throwaway_servers(migrated=True) as servers, ExitStack() as running:
        prepare = [sys.executable, "-m", "config.stack.prepare", str(folders[0] / "prepared.json")]
        subprocess.run(prepare, env={**os.environ, **servers.environment}, cwd=ROOT, check=True, timeout=120)
        made = [
            Installation(running.enter_context(running_stack(folder=folder, urls=servers.environment)), servers, points)
            for folder in folders
        ]
        yield made[0], made[1]


@pytest.fixture
def both(machines: tuple[Installation, Installation]) -> tuple[Installation, Installation]:
    """Both machines, everything of them running."""
    for machine in machines:
        machine.mend()
    return machines


def at(machine: Installation, person: Person) -> Person:
    """Return the same person, with another machine's address."""
    there = copy(person)
    there.client = httpx2.Client(base_url=machine.stack.url, timeout=10, headers=person.client.headers)
    return there


def test_what_is_said_at_one_machine_arrives_at_a_socket_of_the_other(both: tuple[Installation, Installation]) -> None:
    first, second = both
    person = Person(first)
    with dial(second, person) as socket:
        assert json.loads(socket.recv(timeout=5))["type"] == "ready"
        assert person.say(QUESTION, "c1").status_code == 201
        heard = heard_until(socket, 2)
    assert [(message["sequence"], message["sender"]) for message in heard] == [(1, "user"), (2, "agent")]


def test_what_is_said_at_both_is_one_conversation(both: tuple[Installation, Installation]) -> None:
    first, second = both
    person = Person(first)
    for number in range(10):
        assert at(both[number % 2], person).say(QUESTION, f"c{number}").status_code == 201
        assert at(both[number % 2], person).say(QUESTION, f"c{number}").status_code == 200, "sent again elsewhere"
    eventually(person.is_answered_to_the_end, "an answer to the last one")
    there = at(second, person)
    assert [message["sequence"] for message in there.messages()] == list(range(1, len(there.messages()) + 1))
    assert there.messages() == person.messages()


def test_each_question_is_answered_once_while_either_machine_dies(both: tuple[Installation, Installation]) -> None:
    for dying, staying in (both, both[::-1]):
        people = [Person(staying) for _ in range(PEOPLE)]
        for number, person in enumerate(people):
            assert person.say(QUESTION, "c1").status_code == 201
            if number == PEOPLE // 2:
                for name in ALL:
                    dying.stack.kill(name)
        eventually(lambda those=people: all(one.is_answered_once() for one in those), "one answer for each")  # type: ignore[misc]
        dying.mend()
        assert at(dying, people[0]).messages() == people[0].messages()
