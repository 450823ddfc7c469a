"""Adding up counted days: totals and medians of any stretch, of the whole, by agent, by tenant."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from analysis.services.daily import STEP

NUMBERS: Final = (
    "conversations", "from_people", "from_agents", "from_staff", "tokens", "analyzed", "escalated", "by_agent",
    "by_staff", "positive", "neutral", "negative", "score",
)  # fmt: skip
SOON_MS: Final = 60_000


@dataclass
class Sum:
    """Counts that were added up; times by step, ratings by stars."""

    counts: Counter[str] = field(default_factory=Counter)
    first: Counter[int] = field(default_factory=Counter)
    reply: Counter[int] = field(default_factory=Counter)
    ratings: Counter[int] = field(default_factory=Counter)

    def add(self, agent: Mapping[str, Any]) -> None:
        """Add what a day says of an agent."""
        for name in NUMBERS:
            if name in agent:
                self.counts[name] += agent[name]
        for name in ("first", "reply", "ratings"):
            steps: Counter[int] = getattr(self, name)
            for step, count in agent.get(name, {}).items():
                steps[int(step)] += count

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    @property
    def messages(self) -> int:
        """Return all messages, whoever wrote them."""
        return self["from_people"] + self["from_agents"] + self["from_staff"]

    @property
    def rated(self) -> int:
        """Return how many conversations were rated."""
        return self.ratings.total()

    @property
    def rating(self) -> float | None:
        """Return the mean rating, 1 to 5."""
        return ratio(sum(stars * count for stars, count in self.ratings.items()), self.rated, 2)

    @property
    def pleased(self) -> float | None:
        """Return which part of those who rated gave four or five stars."""
        return ratio(self.ratings[4] + self.ratings[5], self.rated)

    @property
    def mood(self) -> float | None:
        """Return the mean mood, -1 to 1."""
        return ratio(self.counts["score"], self["positive"] + self["neutral"] + self["negative"], 2)

    @property
    def escalation_rate(self) -> float | None:
        """Return which part of the conversations was handed to the staff."""
        return ratio(self["escalated"], self["analyzed"])

    @property
    def answered_soon(self) -> float | None:
        """Return which part of the conversations had its first reply within a minute."""
        soon = sum(count for step, count in self.first.items() if middle(step) <= SOON_MS)
        return ratio(soon, self.first.total())


def ratio(part: float, whole: float, digits: int = 4) -> float | None:
    """Return part of whole, rounded; None of nothing."""
    return round(part / whole, digits) if whole else None


def middle(step: int) -> float:
    """Return the time in ms that stands for a step: its middle."""
    return float(STEP ** (step + 0.5))


def percentile(steps: Mapping[int, int], part: float) -> int | None:
    """Return the time in ms that a part of the times is not above, to five percent; None without any."""
    wanted, seen = part * sum(steps.values()), 0
    for step in sorted(steps):
        seen += steps[step]
        if seen >= wanted:
            return round(middle(step))
    return None


def sum_of(days: Iterable[Mapping[str, Any]]) -> Sum:
    """Return the sum of days over all agents."""
    total = Sum()
    for day in days:
        total.add(day["all"])
    return total


def by_agent(days: Iterable[Mapping[str, Any]]) -> dict[str, Sum]:
    """Return each agent's sum by its id; "" for conversations without one."""
    sums: dict[str, Sum] = {}
    for day in days:
        for key, agent in day["agents"].items():
            sums.setdefault(key, Sum()).add(agent)
    return sums


def merged(days: Iterable[Mapping[str, Any]], name: str) -> Counter[str]:
    """Return the sum of one of the days' counters, such as `channels`."""
    total: Counter[str] = Counter()
    for day in days:
        total.update(day.get(name, {}))
    return total


def models_of(days: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return replies and tokens by model."""
    total: dict[str, tuple[int, int]] = {}
    for day in days:
        for name, (replies, tokens) in day.get("models", {}).items():
            had = total.get(name, (0, 0))
            total[name] = (had[0] + replies, had[1] + tokens)
    return total
