"""How long people waited because of a blow.

Around a blow are the messages that were sent and unanswered when it fell, and those that were first sent before what it
hit was back. Each one's recovery is the time from the blow to the moment at which its person has the answer on the
socket; `stored` is the same to the moment at which the answer was in the database.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.people import Person
from tests.chaos.striking import Struck
from tests.chaos.verdict import Stored


@dataclass(frozen=True)
class Answered:
    """A message with its moments."""

    sent_at: float
    stored_at: float
    seen_at: float


def answered_messages(people: Sequence[Person], stored: dict[str, list[Stored]]) -> list[Answered]:
    """Return every accepted message that was answered, with when the answer was stored and seen."""
    found = []
    for person in people:
        replies = [(one.at, one.answers) for one in stored[person.chat_id] if one.is_automatic]
        shown = person.answers()
        for said in person.said:
            stored_at = first_covering(replies, said.sequence)
            seen_at = first_covering(shown, said.sequence)
            if said.sequence and stored_at and seen_at:
                found.append(Answered(said.sent_at, stored_at, seen_at))
    return found


def first_covering(replies: Sequence[tuple[float, int]], sequence: int) -> float:
    """Return when the first reply that covers a message came; 0 when none did."""
    return min((at for at, covered in replies if covered >= sequence), default=0.0)


def recoveries(struck: Sequence[Struck], messages: Sequence[Answered]) -> list[dict[str, Any]]:
    """Return, for each blow, how long each message around it took: a row that goes into the report's file."""
    rows = []
    for blow in struck:
        around = [
            one
            for one in messages
            if one.sent_at <= blow.at < one.seen_at or blow.at <= one.sent_at < (blow.back_at or blow.at)
        ]
        rows.append(
            {
                "blow": blow.number,
                "name": blow.name,
                "at": round(blow.at, 2),
                "back": round(blow.back_at - blow.at, 2) if blow.back_at else None,
                "seen": sorted(round(one.seen_at - blow.at, 2) for one in around),
                "stored": sorted(round(max(0.0, one.stored_at - blow.at), 2) for one in around),
                "waited": sorted(round(one.seen_at - max(one.sent_at, blow.at), 2) for one in around),
            }
        )
    return rows


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value that `share` of the values do not exceed; None without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
