"""What can be done to an installation, by name, and how much of it when nothing else is asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from tests.chaos.file import RunFile
from tests.chaos.games import BURSTS, TAKEOVER
from tests.chaos.installation import end_at_once
from tests.chaos.outage import Outages
from tests.chaos.plan import Plan
from tests.chaos.rounds import Rounds
from tests.chaos.trial import Steps, Trial

MESSAGES_PER_BLOW: Final = 25


class Runner(Protocol):
    """Runs some of a plan; yields after each step, and returns the part's report."""

    @property
    def name(self) -> dict[str, Any]:
        """Return what must be the same for parts to add up."""

    def run_part(self, first: int, count: int) -> Steps:
        """Do `count` steps from the `first` on."""


@dataclass(frozen=True)
class Scenario:
    """How often and how fast by default, and who runs it."""

    count: int
    every: float
    people: int
    make: Callable[["Order"], Runner]


@dataclass(frozen=True)
class Order:
    """What was asked for on the command line."""

    scenario: str
    seed: int
    count: int
    every: float
    messages: int
    people: int
    part: int
    path: Path | None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Order":
        """Fill what was left out from the scenario."""
        scenario = SCENARIOS[options["scenario"]]
        count = options["kills"] or scenario.count
        return cls(
            scenario=options["scenario"],
            seed=options["seed"],
            count=count,
            every=options["every"] or scenario.every,
            messages=options["messages"] or count * MESSAGES_PER_BLOW,
            people=options["people"] or scenario.people,
            part=max(1, options["part"]),
            path=options["resume"],
        )

    @property
    def runner(self) -> Runner:
        """Return who runs it."""
        return SCENARIOS[self.scenario].make(self)

    @property
    def plan(self) -> Plan:
        """Return the blows."""
        return Plan(self.scenario, self.seed, self.count, self.every)

    def file(self) -> RunFile:
        """Open the file of finished parts."""
        return RunFile.open(self.path, self.runner.name)

    def left(self, file: RunFile) -> int:
        """Return how many steps are still to be done."""
        return max(0, self.count - file.done)


def run(order: Order, file: RunFile) -> Iterator[int]:
    """Run the parts that are left, one after the other; each goes into the file when it is finished."""
    end_at_once()
    while order.left(file):
        part = yield from order.runner.run_part(file.done, min(order.part, order.left(file)))
        file.add(part)


def under_load(order: Order) -> Runner:
    """People write while the plan's blows fall."""
    return Trial(order.plan, order.messages, people=order.people)


SCENARIOS: Final[dict[str, Scenario]] = {
    "kills": Scenario(1_000, 3.0, 30, under_load),
    "valkey": Scenario(60, 5.0, 30, under_load),
    "postgres": Scenario(100, 12.0, 30, under_load),
    "webhooks": Scenario(1, 0.0, 1, lambda order: Outages(order.plan)),
    "bursts": Scenario(1_000, 0.0, 16, lambda order: Rounds(order.plan, BURSTS, order.people)),
    "takeover": Scenario(1_000, 0.0, 10, lambda order: Rounds(order.plan, TAKEOVER, order.people)),
}
