"""Runs a plan in parts: each on an installation of its own, each with a verdict of its own, which add up."""

import os
import shutil
import tempfile
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.chaos.crowd import Crowd
from tests.chaos.installation import Installation, installation
from tests.chaos.plan import Plan
from tests.chaos.recovery import answered_messages, recoveries
from tests.chaos.striking import Striker, wait_whole
from tests.chaos.verdict import WORK, judge, stored_messages

# Yields after each step; returns the part's report.
Steps = Generator[int, None, dict[str, Any]]
SETTLE_SECONDS: Final = 180.0
SHOW_SECONDS: Final = 15.0
# The demo's agent answers one person more often in an hour than a conversation would.
SETTINGS: Final = {"reply_budget_per_hour": 1_000}


@dataclass(frozen=True)
class Trial:
    """A plan under the writing of `people` in `tenants` tenants: `messages` in all, evenly over the blows."""

    plan: Plan
    messages: int
    people: int = 60
    tenants: int = 4
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))

    @property
    def name(self) -> dict[str, Any]:
        """Return what must be the same for parts to add up."""
        return {**asdict(self.plan), "messages": self.messages, "people": self.people, "tenants": self.tenants}

    def messages_until(self, blow: int) -> int:
        """Return how many messages belong to the blows before a number."""
        return self.messages * blow // self.plan.count

    def run_part(self, first: int, count: int) -> Steps:
        """Deal `count` blows from the `first` on; yield after each, and return the part's report."""
        count = min(count, self.plan.count - first)
        with installation(self.tenants, self.settings) as running:
            report = yield from Part(self, running, first, count).run()
            if report["faults"]:
                report["logs"] = keep_logs(running)
        return report


class Part:
    """One part while it runs."""

    def __init__(self, trial: Trial, running: Installation, first: int, count: int) -> None:
        self.trial, self.running, self.first, self.count = trial, running, first, count
        self.messages = trial.messages_until(first + count) - trial.messages_until(first)
        self.blows = list(trial.plan.blows(first, count))
        seconds = sum(blow.pause for blow in self.blows)
        self.crowd = Crowd(
            running,
            people=trial.people,
            messages=self.messages,
            rate=self.messages / max(seconds, 1.0),
            seed=f"{trial.plan.scenario} {trial.plan.seed} {first}",
        )
        self.loads: list[float] = []
        self.striker = Striker(running)

    def run(self) -> Steps:
        """Deal the blows, wait until everybody is served, judge."""
        if not wait_whole(self.running):
            raise RuntimeError("The installation did not come up.")
        began = datetime.now(UTC)
        try:
            self.crowd.start()
            for blow in self.blows:
                self.striker.deal(blow)
                self.loads.append(os.getloadavg()[0])
                self.crowd.raise_error()
                yield blow.number
            settled = self.settle()
        finally:
            self.crowd.stop()
            self.striker.end()
        return self.report(began, settled=settled)

    def settle(self) -> float:
        """Wait until everybody has seen the answer to all that they said; return how long that took.

        When all work is done, what is still not shown after a while will not be shown any more.
        """
        began, done_at = time.monotonic(), 0.0
        while time.monotonic() - began < SETTLE_SECONDS + max(blow.away for blow in self.blows):
            self.running.watch(0.2)
            self.crowd.raise_error()
            if done_at and (self.crowd.is_served or time.monotonic() - done_at > SHOW_SECONDS):
                break
            if not done_at and self.crowd.is_accepted and wait_whole(self.running):
                done_at = 0.0 if self.running.rows(WORK) else time.monotonic()
        self.running.watch(0.5)  # what the last ones see may come twice
        return time.monotonic() - began

    def report(self, began: datetime, *, settled: float) -> dict[str, Any]:
        """Return the part's report, as it goes into the file."""
        people = self.crowd.people
        stored = stored_messages(self.running, [person.chat_id for person in people])
        verdict = judge(self.running, people, stored)
        said = self.crowd.said
        return {
            "first": self.first,
            "blows": self.count,
            "began": began.isoformat(timespec="seconds"),
            "seconds": round((datetime.now(UTC) - began).total_seconds(), 1),
            "settled_seconds": round(settled, 1),
            "load": [round(min(self.loads), 2), round(sum(self.loads) / len(self.loads), 2), round(max(self.loads), 2)],
            "said": len(said),
            "accepted": sum(1 for one in said if one.sequence),
            "sent_again": sum(abs(one.tries) - 1 for one in said),
            "replies": sum(message.is_automatic for messages in stored.values() for message in messages),
            "connections": sum(person.connections for person in people),
            "faults": verdict.faults,
            "verdict": asdict(verdict),
            "recovery": recoveries(self.striker.struck, answered_messages(people, stored)),
        }


def keep_logs(running: Installation) -> str:
    """Copy the processes' logs to where they stay after the installation is gone; return the folder."""
    kept = Path(tempfile.mkdtemp(prefix="charla-chaos-logs-"))
    shutil.copytree(running.folder / "logs", kept, dirs_exist_ok=True)
    return str(kept)
