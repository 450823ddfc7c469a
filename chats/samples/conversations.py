"""Conversations made up by chance: who writes, when, what is said and how it ends. No row is written here."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chats.models import ChannelKind, ChatStatus, Sender
from chats.samples import texts
from chats.samples.scenarios import Scenario
from chats.samples.texts import Said, Topic, phrases, say

CHANNELS: Final = (ChannelKind.WEB, ChannelKind.WEB, ChannelKind.WHATSAPP, ChannelKind.API)
# How much is written in each hour of a day, from midnight on.
HOURS: Final = (1, 1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 16, 12, 12, 14, 16, 18, 18, 16, 12, 8, 4, 2)
ARCHIVED_AFTER: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class Person:
    """Who writes; `number` tells people of one run apart."""

    number: int
    name: str
    email: str
    language: str
    channel: str


@dataclass(slots=True)
class Line:
    """One message; `answers` is the place among the lines of the one that it answers by itself, -1 for none."""

    sender: str
    said: Said
    at: datetime
    answers: int = -1


@dataclass(slots=True)
class Talk:
    """One conversation with its messages in order."""

    person: Person
    status: str
    escalated: bool
    lines: list[Line] = field(default_factory=list)


class Storyteller:
    """Makes conversations up: the same ones for the same seed, scenario, number of messages and time."""

    def __init__(self, scenario: Scenario, *, seed: int, messages: int, language: str, now: datetime) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - nothing secret comes of it
        self._scenario, self._messages, self._language, self._now = scenario, messages, language, now
        self._people = 0

    def batches(self, size: int) -> Iterator[list[Talk]]:
        """Yield all conversations in batches of about so many messages, from the oldest on; people stay in theirs."""
        told = 0
        while told < self._messages:
            batch: list[Talk] = []
            people: list[Person] = []
            until = min(told + size, self._messages)
            while told < until:
                talk = self._talk(self._person(people), told / self._messages, most=self._messages - told)
                batch.append(talk)
                told += len(talk.lines)
            yield sorted(batch, key=lambda talk: talk.lines[0].at)

    def _person(self, known: list[Person]) -> Person:
        """Return somebody new, or now and then one who has written before."""
        chance = self._chance
        if known and chance.random() < 0.25:
            return chance.choice(known)
        other = "en" if self._language == "es" else "es"
        name = f"{chance.choice(texts.NAMES)} {chance.choice(texts.SURNAMES)}"
        self._people += 1
        known.append(
            Person(
                number=self._people,
                name=name if chance.random() < 0.6 else "",
                email=f"person{self._people}@example.com" if chance.random() < 0.3 else "",
                language=self._language if chance.random() < 0.7 else other,
                channel=chance.choice(CHANNELS),
            )
        )
        return known[-1]

    def _talk(self, person: Person, share_told: float, *, most: int) -> Talk:
        """Make one up that begins when so much of everything was said."""
        chance, scenario = self._chance, self._scenario
        length = max(2, min(most, round(chance.expovariate(1 / scenario.length))))
        escalated = chance.random() < scenario.escalated_share
        lines = self._lines(person.language, min(length, most), length // 2 if escalated else length)
        talk = Talk(person, ChatStatus.ACTIVE, escalated, lines)
        lasts = lines[-1].at - self._now
        earlier = self._now - min(self._moment(share_told), self._now - lasts)
        for line in lines:
            line.at -= earlier
        talk.status = self._end(talk)
        return talk

    def _moment(self, share_told: float) -> datetime:
        """Return when a conversation begins: within a day by the day's rhythm, in a short scenario evenly."""
        begins = self._now - timedelta(days=self._scenario.days * (1 - share_told))
        if self._scenario.days < 2:
            return begins
        midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
        (hour,) = self._chance.choices(range(24), HOURS)
        return midnight + timedelta(hours=hour, seconds=self._chance.random() * 3_600)

    def _end(self, talk: Talk) -> str:
        silent = self._now - talk.lines[-1].at
        if silent < DAY and self._chance.random() < self._scenario.open_share:
            return ChatStatus.WAITING if talk.escalated else ChatStatus.ACTIVE
        return ChatStatus.ARCHIVED if silent > ARCHIVED_AFTER else ChatStatus.COMPLETED

    def _lines(self, language: str, length: int, staff_from: int) -> list[Line]:
        """Return questions and answers with times as if they began now; the staff answer from a place on."""
        chance = self._chance
        lines: list[Line] = []
        at, topic = self._now, chance.choice(phrases(language).topics)
        while len(lines) < length:
            question = self._asked(language, topic, len(lines), length)
            lines.append(Line(Sender.USER, say(chance, language, question), at))
            if len(lines) == length:
                break
            is_staff = len(lines) >= staff_from
            answer = chance.choice(phrases(language).staff if is_staff else topic.answered)
            at += timedelta(seconds=chance.uniform(20, 240) if is_staff else chance.uniform(0.4, 3))
            replied = -1 if is_staff else len(lines) - 1
            lines.append(Line(Sender.STAFF if is_staff else Sender.AGENT, say(chance, language, answer), at, replied))
            at += timedelta(seconds=min(chance.expovariate(1 / 45) + 4, 600))
            if chance.random() < 0.1:
                topic = chance.choice(phrases(language).topics)
        return lines

    def _asked(self, language: str, topic: Topic, place: int, length: int) -> str:
        chance, scenario = self._chance, self._scenario
        drawn = chance.random()
        if place and drawn < scenario.sensitive_share:
            return chance.choice(phrases(language).sensitive)
        if place and drawn < scenario.sensitive_share + scenario.angry_share / 2:
            return chance.choice(phrases(language).angry)
        if place >= length - 2 and place:
            return chance.choice(phrases(language).glad)
        return chance.choice(topic.asked if not place or drawn > 0.6 else phrases(language).further)
