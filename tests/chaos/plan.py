"""What is done to an installation, and when: the same seed always gives the same blows, whatever part they are in."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

WEB, WORKER, SWEEPER, POSTGRES, VALKEY, FLUSH = "web", "worker", "sweeper", "postgres", "valkey", "flush"
# bin/run --processes 2, as the docs recommend to whoever minds the seconds that a start takes.
PROCESSES: Final = (WEB, "web-2", WORKER, "worker-2", SWEEPER)
AWAY_SECONDS: Final = 60.0


def kind_of(name: str) -> str:
    """Return what a process is: `web` of `web-2`."""
    return name.partition("-")[0]


@dataclass(frozen=True)
class Blow:
    """The `number`-th thing done (from 0): `pause` seconds after the one before it.

    `name` is the process that gets SIGKILL, or `flush`: Valkey forgets everything. `away` seconds pass before the
    process is started again; with 0 the supervisor decides, as ever. A `patient` blow waits until the process works.
    """

    number: int
    name: str
    pause: float
    away: float = 0.0
    patient: bool = True


@dataclass(frozen=True)
class Plan:
    """The blows of a whole run; `every` is the mean number of seconds between two."""

    scenario: str
    seed: int
    count: int
    every: float

    def blows(self, first: int, count: int) -> Iterator[Blow]:
        """Yield `count` blows from the `first` on."""
        for number in range(first, min(first + count, self.count)):
            yield self.blow(number)

    def blow(self, number: int) -> Blow:
        """Return one blow; its chance is its own, so that parts can be run in any order."""
        chance = random.Random(f"{self.scenario} {self.seed} {number}")
        pause = self.every * chance.uniform(0.4, 1.6)
        if self.scenario == "valkey":
            # Those after it fall while Valkey is away, and people go on writing.
            is_long = number == max(0, self.count - 1 - round(AWAY_SECONDS / self.every))
            return Blow(number, VALKEY if is_long else FLUSH, self.every, AWAY_SECONDS if is_long else 0.0)
        if self.scenario == "postgres":
            return Blow(number, POSTGRES, pause)
        # One in ten may hit a process that is still starting.
        return Blow(number, chance.choice(PROCESSES), pause, patient=chance.random() < 0.9)
