"""What became of what was accepted: by the database, and by what each person saw."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tests.chaos.installation import Installation
from tests.chaos.people import Person

MESSAGES: Final = """
SELECT c.chat_id::text, m.sequence, m.id::text, m.sender, m.is_automatic, m.client_message_id, r.sequence,
    extract(epoch FROM m.timestamp)::float8
FROM chats_contentchatmodel m JOIN chats_chatmodel c ON c.id = m.chat_id
LEFT JOIN chats_contentchatmodel r ON r.id = m.in_response_to_id
WHERE c.chat_id = ANY(%s::uuid[]) ORDER BY c.chat_id, m.sequence
"""
CHATS: Final = """
SELECT chat_id::text, last_sequence, message_count, answered_sequence, status FROM chats_chatmodel
WHERE chat_id = ANY(%s::uuid[])
"""
WORK: Final = """
SELECT state, count(*) FROM tenants_workitem
WHERE kind = 'turn' AND state <> 'done' GROUP BY state
"""


@dataclass(frozen=True)
class Stored:
    """A message as the database has it; `answers` is the number of the message that it answers (0: none)."""

    chat_id: str
    sequence: int
    message_id: str
    sender: str
    is_automatic: bool
    key: str
    answers: int
    at: float


@dataclass(frozen=True)
class Chat:
    """A chat's counters."""

    chat_id: str
    last_sequence: int
    message_count: int
    answered_sequence: int
    status: str


@dataclass
class Verdict:
    """What is wrong, each a list of sentences; all empty when the promise was kept. `handed_over` is no fault."""

    lost: list[str] = field(default_factory=list)
    stored_twice: list[str] = field(default_factory=list)
    answered_twice: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    handed_over: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """Return how many things are wrong."""
        return sum(len(found) for name, found in asdict(self).items() if name != "handed_over")


def stored_messages(running: Installation, chats: Iterable[str]) -> dict[str, list[Stored]]:
    """Return each chat's messages in order."""
    wanted = list(chats)
    found: dict[str, list[Stored]] = {chat: [] for chat in wanted}
    for row in running.rows(MESSAGES, wanted):
        chat_id, sequence, message_id, sender, is_automatic, key, answers, at = row
        found[chat_id].append(Stored(chat_id, sequence, message_id, sender, is_automatic, key, answers or 0, at))
    return found


def judge(running: Installation, people: Sequence[Person], stored: dict[str, list[Stored]]) -> Verdict:
    """Compare what people were told and saw with what there is."""
    verdict = Verdict()
    chats = {row[0]: Chat(*row) for row in running.rows(CHATS, [person.chat_id for person in people])}
    for person in people:
        messages = stored[person.chat_id]
        judge_acknowledgements(verdict, person, messages)
        judge_chat(verdict, chats[person.chat_id], messages)
        judge_view(verdict, person, messages)
    verdict.left_over += [f"{count} turns are {state}" for state, count in running.rows(WORK)]
    return verdict


def judge_acknowledgements(verdict: Verdict, person: Person, messages: Sequence[Stored]) -> None:
    """What was acknowledged is there, once, under the number that was told."""
    by_key: dict[str, list[Stored]] = {}
    for message in messages:
        if message.key:
            by_key.setdefault(message.key, []).append(message)
    for said in person.said:
        found = by_key.get(said.key, [])
        if len(found) > 1:
            verdict.stored_twice.append(f"{person.chat_id}: {said.key} as {[one.sequence for one in found]}")
        if said.sequence and (said.sequence, said.message_id) not in {(one.sequence, one.message_id) for one in found}:
            verdict.lost.append(f"{person.chat_id}: {said.key}, acknowledged as {said.sequence}")
    verdict.refused += person.refused


def judge_chat(verdict: Verdict, chat: Chat, messages: Sequence[Stored]) -> None:
    """The numbers have no holes; each reply answers something that none did before; nothing is left unanswered."""
    numbers = [message.sequence for message in messages]
    is_whole = numbers == list(range(1, len(numbers) + 1))
    if not is_whole or not chat.last_sequence == len(numbers) == chat.message_count:
        verdict.holes.append(f"{chat.chat_id}: {numbers[-3:]} of {chat.last_sequence}, {chat.message_count} counted")
    answered = 0
    for reply in (message for message in messages if message.is_automatic):
        if reply.answers <= answered:
            verdict.answered_twice.append(f"{chat.chat_id}: {reply.sequence} answers {reply.answers} again")
        answered = max(answered, reply.answers)
    if chat.status == "waiting":
        verdict.handed_over.append(chat.chat_id)
        return
    questions = [message.sequence for message in messages if message.sender == "user"]
    verdict.unanswered += [f"{chat.chat_id}: {number}" for number in questions if number > answered]
    if questions and chat.answered_sequence != answered:
        verdict.unanswered.append(f"{chat.chat_id}: counted as answered up to {chat.answered_sequence}, not {answered}")


def judge_view(verdict: Verdict, person: Person, messages: Sequence[Stored]) -> None:
    """The person saw every message once and in order, over all connections."""
    verdict.out_of_order += person.faults
    seen: dict[int, Any] = {sequence: message["id"] for sequence, (_at, message) in person.seen.items()}
    verdict.unseen += [
        f"{person.chat_id}: {message.sequence} by {message.sender}, stored {message.at:.2f}"
        for message in messages
        if seen.get(message.sequence) != message.message_id
    ]
