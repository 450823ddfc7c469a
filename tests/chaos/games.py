"""The rounds: bursts of fragments, and people of the staff who write while the agent does."""

import asyncio
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

from agents.tests.wire_server import Handler, fake_models, openai_events
from tests.chaos.people import QUESTIONS
from tests.chaos.rounds import Game, Round
from tests.chaos.verdict import Chat, Stored

DEBOUNCE: Final = 3.0  # what a messaging channel has by default
LONGEST_GAP: Final = 0.8
MOST_FRAGMENTS: Final = 20
PIECES: Final = 12
PIECE_SECONDS: Final = 0.1
MODEL_ASKED_SECONDS: Final = 20.0


def chance_of(played: Round) -> random.Random:
    """Return a round's own chance, the same in whatever part it is played."""
    return random.Random(f"{played.plan.scenario} {played.plan.seed} {played.number}")


async def write_burst(played: Round) -> None:
    """Write 2 to 20 fragments, each at a random time shorter than the debounce after the one before it."""
    chance = chance_of(played)
    await played.open("whatsapp")
    for number in range(chance.randint(2, MOST_FRAGMENTS)):
        await asyncio.sleep(chance.uniform(0, DEBOUNCE * LONGEST_GAP) if number else 0)
        await played.say(chance.choice(QUESTIONS))


def judge_burst(played: Round, chat: Chat, messages: Sequence[Stored]) -> dict[str, str] | None:
    """There is one reply, to the last fragment, and it covers all of them.

    A round does not count where a fragment may not have been stored within the debounce: `at` is when it began to be.
    """
    fragments = [message for message in messages if message.sender == "user"]
    stored = {one.sequence: max(one.at, played.acknowledged.get(one.sequence, 0.0)) for one in fragments}
    if any(stored[after.sequence] - before.at >= DEBOUNCE for before, after in pairwise(fragments)):
        return None
    replies = [message for message in messages if message.is_automatic]
    wrong = {}
    if len(replies) != 1:
        wrong["split"] = f"{len(replies)} replies to {len(fragments)} fragments, at {[one.answers for one in replies]}"
    elif replies[0].answers != fragments[-1].sequence or chat.answered_sequence != fragments[-1].sequence:
        wrong["split"] = f"answers {replies[0].answers}, covers {chat.answered_sequence} of {len(fragments)}"
    return wrong


BURSTS: Final = Game(write_burst, judge_burst)


async def take_over(played: Round) -> None:
    """Ask, and let somebody of the staff write at some moment at which the agent's model writes too."""
    await played.open("api")
    await played.say(f"What are your opening hours? (round {played.number})")
    until = time.monotonic() + MODEL_ASKED_SECONDS
    while played.number not in slow_model.writing and time.monotonic() < until:
        await asyncio.sleep(0.01)
    await asyncio.sleep(chance_of(played).uniform(0, PIECES * PIECE_SECONDS))
    played.notes["was_writing"] = played.number in slow_model.writing
    said = await played.say("I am with you now.", sender="staff")
    played.notes["staff"] = int(said["sequence"])


def judge_takeover(played: Round, chat: Chat, messages: Sequence[Stored]) -> dict[str, str] | None:
    """The agent says nothing after the person of the staff.

    A round does not count where the model was not writing when the person did, or the reply was stored before.
    """
    staff = played.notes["staff"]
    was_answered = any(message.sender == "agent" and message.sequence < staff for message in messages)
    if was_answered or not played.notes["was_writing"]:
        return None
    later = [message.sequence for message in messages if message.sender == "agent" and message.sequence > staff]
    return {"talked_over": f"{later} after {staff}"} if later else {}


class SlowModel:
    """A model's server that takes its time; `writing` holds the rounds for which it writes now."""

    def __init__(self) -> None:
        self.writing: set[int] = set()

    @contextmanager
    def __call__(self) -> Iterator[str]:
        """Run it for a while; yield its address."""
        with fake_models() as models:
            models.script = [self._write]
            yield models.base_url("openai_compatible")

    def _write(self, handler: Handler) -> None:
        (number,) = {int(found) for found in re.findall(r"\(round (\d+)\)", json.dumps(handler.asked.body))}
        handler.head(200, "text/event-stream")
        self.writing.add(number)
        try:
            for event in openai_events(*(f"word{piece} " for piece in range(PIECES))):
                handler.chunk(event)
                time.sleep(PIECE_SECONDS)
        finally:
            self.writing.discard(number)
        handler.chunk(b"")


slow_model: Final = SlowModel()


TAKEOVER: Final = Game(take_over, judge_takeover, env={"CHARLA_OUTGOING_ALLOW": "127.0.0.0/8"}, model=slow_model)
