"""Endpoints of other systems that misbehave for half an hour, beside one that does not.

The half hour is simulated: after each step everything that waits is moved into the past by the step's seconds, by
UPDATEs of the operations role, and the installation's own sweeper and worker go on from there. Calls under way, and
what the well-behaved endpoint's deliveries take, are real seconds.
"""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import psycopg

from notifications.tests.receiver import LOOPBACK, Heard, Receiver, receiving
from tests.chaos.installation import Installation, Tenant, installation
from tests.chaos.plan import Plan
from tests.chaos.striking import wait_whole
from tests.chaos.trial import SETTINGS, Steps, keep_logs

WELL: Final = "well"
MISBEHAVIOURS: Final = ("failing", "hanging", "resetting", "redirecting", "failing at length")
OUTAGE_SECONDS: Final = 1_800.0
STEP_SECONDS: Final = 30.0
REAL_SECONDS_OF_A_STEP: Final = 1.0
RECOVERY_SECONDS: Final = 2 * 3_600.0
LONGEST_DELAY: Final = 10.0  # who waits for a call that hangs waits as long as its reading may take
MESSAGES_OF_A_STEP: Final = 4
EVENT: Final = "message.created"
HANG_SECONDS: Final = 60.0  # four times what a call may take

MOVE: Final = (
    "UPDATE tenants_workitem SET run_after = run_after - %(by)s, rung_at = rung_at - %(by)s"
    " WHERE state = 'ready' AND kind = 'delivery'",
    "UPDATE notifications_webhookdelivery SET next_attempt_at = next_attempt_at - %(by)s,"
    " created_at = created_at - %(by)s WHERE status = 'pending'",
    "UPDATE notifications_webhookendpoint SET blocked_until = blocked_until - %(by)s,"
    " failing_since = failing_since - %(by)s WHERE failing_since IS NOT NULL OR blocked_until IS NOT NULL",
)
EVENTS: Final = "SELECT object_id, extract(epoch FROM created_at)::float8 FROM notifications_event WHERE type = %s"
PENDING: Final = "SELECT count(*) FROM notifications_webhookdelivery WHERE status <> 'delivered'"


@dataclass
class Told:
    """What one endpoint's story came to; `minutes` are simulated, from its recovery to the last event's arrival."""

    behaved: str
    events: int
    calls: int
    twice: int
    minutes: float


@dataclass
class Verdict:
    """What is wrong, each a list of sentences."""

    lost: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    delayed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outages:
    """As many half hours as the plan has blows, each on an installation of its own."""

    plan: Plan

    @property
    def name(self) -> dict[str, Any]:
        """Return what must be the same for parts to add up."""
        return {**asdict(self.plan), "messages": 0, "people": 1, "tenants": 1}

    def run_part(self, first: int, count: int) -> Steps:
        """Let `count` half hours pass, one after the other; yield after each, and return the part's report."""
        env = {"CHARLA_OUTGOING_ALLOW": ",".join(LOOPBACK)}
        reports = []
        for number in range(first, first + count):
            with installation(1, dict(SETTINGS), env=env) as running, endpoints() as receivers:
                if not wait_whole(running):
                    raise RuntimeError("The installation did not come up.")
                report = Outage(running, receivers).run()
                if report["faults"]:
                    report["logs"] = keep_logs(running)
            reports.append(report)
            yield number
        return {**added(reports), "first": first, "blows": count}


def added(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one report of several."""
    total = dict(reports[0])
    for report in reports[1:]:
        for key in ("said", "accepted", "replies", "faults", "seconds"):
            total[key] += report[key]
        total["verdict"] = {kind: found + report["verdict"][kind] for kind, found in total["verdict"].items()}
        total["told"] = total["told"] + report["told"]
        total["delays"] = total["delays"] + report["delays"]
    return total


@contextmanager
def endpoints() -> Iterator[dict[str, Receiver]]:
    """Run an endpoint of each kind."""
    with ExitStack() as all_of_them:
        found = {behaves: all_of_them.enter_context(receiving(behaves)) for behaves in (WELL, *MISBEHAVIOURS)}
        found["hanging"].hangs_for = HANG_SECONDS
        yield found


class Outage:
    """One half hour, and what comes after it."""

    def __init__(self, running: Installation, receivers: Mapping[str, Receiver]) -> None:
        self.running, self.receivers = running, receivers
        self.tenant: Tenant = running.tenants[0]
        self.simulated, self.said = 0.0, 0
        self.loads: list[float] = []
        self.complete_at: dict[str, float] = {}

    def run(self) -> dict[str, Any]:
        """Let endpoints misbehave while messages are written, then behave, until all has arrived; judge."""
        began = datetime.now(UTC)
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        with httpx2.Client(
            base_url=self.running.url,
            headers={"Authorization": f"Api-Key {self.tenant.secret}"},
            trust_env=False,
            timeout=30,
        ) as http:
            for receiver in self.receivers.values():
                http.post("/api/v1/webhooks/", json={"url": receiver.url, "events": [EVENT]}).raise_for_status()
            chat = http.post("/api/v1/chats/", json={"user_id": "outage", "channel": "api"}).raise_for_status().json()
            while self.simulated < OUTAGE_SECONDS:
                for _message in range(MESSAGES_OF_A_STEP):
                    self.say(http, chat["chat_id"])
                self.step()
        return self.recover(began)

    def recover(self, began: datetime) -> dict[str, Any]:
        """Let all endpoints behave, and wait until each has everything, for two simulated hours at most."""
        for receiver in self.receivers.values():
            receiver.behaves = WELL
        recovered = self.simulated
        while self.running.rows(PENDING)[0][0] and self.simulated < recovered + RECOVERY_SECONDS:
            self.step()
            self.note_who_has_all()
        self.note_who_has_all()
        report = self.judge(recovered)
        return {**report, "began": began.isoformat(timespec="seconds"), "seconds": seconds_since(began)}

    def say(self, http: httpx2.Client, chat_id: str) -> None:
        """Store one message of the staff: nobody answers it."""
        self.said += 1
        body = {"content": f"Note {self.said}", "client_message_id": f"n{self.said}", "sender": "staff"}
        http.post(f"/api/v1/chats/{chat_id}/messages/", json=body).raise_for_status()

    def step(self) -> None:
        """Let half a minute pass: a real second, and the rest by moving what waits."""
        until = time.monotonic() + REAL_SECONDS_OF_A_STEP
        while time.monotonic() < until:
            self.running.watch()
        moved = STEP_SECONDS - REAL_SECONDS_OF_A_STEP
        for statement in (*MOVE, "SELECT pg_notify('charla_work', '')"):
            self.execute(statement.replace("%(by)s", f"interval '{moved} seconds'"))
        self.simulated += STEP_SECONDS
        self.loads.append(os.getloadavg()[0])

    def execute(self, statement: str) -> None:
        """Run a statement, again where it and the installation waited for each other's rows."""
        with psycopg.connect(self.running.urls.operations, autocommit=True) as connection:
            while True:
                try:
                    connection.execute(statement)
                except psycopg.errors.DeadlockDetected:
                    continue
                return

    def note_who_has_all(self) -> None:
        """Note when each endpoint had taken every event."""
        wanted = {event for event, _at in self.running.rows(EVENTS, EVENT)}
        for name, receiver in self.receivers.items():
            if name not in self.complete_at and wanted <= {event_of(heard) for heard in list(receiver.taken)}:
                self.complete_at[name] = self.simulated

    def judge(self, recovered: float) -> dict[str, Any]:
        """Compare what was taken with what happened."""
        happened = dict(self.running.rows(EVENTS, EVENT))
        verdict, told = Verdict(), []
        for name, receiver in self.receivers.items():
            taken = [event_of(heard) for heard in receiver.taken]
            verdict.lost += [f"{name}: {event}" for event in happened.keys() - set(taken)]
            verdict.renamed += [f"{name}: {what}" for what in renamed(receiver.calls)]
            minutes = (self.complete_at.get(name, self.simulated) - recovered) / 60
            twice = len(taken) - len(set(taken))
            told.append(asdict(Told(name, len(happened), len(receiver.calls), twice, round(minutes, 1))))
        delays = [heard.at - happened[event_of(heard)] for heard in self.receivers[WELL].taken]
        verdict.delayed = [f"{delay:.1f} s" for delay in delays if delay > LONGEST_DELAY]
        faults = sum(len(found) for found in asdict(verdict).values())
        return {
            "said": self.said,
            "accepted": self.said,
            "sent_again": 0,
            "replies": 0,
            "connections": 0,
            "faults": faults,
            "verdict": asdict(verdict),
            "told": told,
            "delays": sorted(round(delay, 3) for delay in delays),
            "load": [min(self.loads), round(sum(self.loads) / len(self.loads), 2), max(self.loads)],
            "recovery": [],
        }


def event_of(heard: Heard) -> str:
    """Return what a call is about."""
    return str(heard.body["data"]["message"]["id"])


def renamed(calls: list[Heard]) -> list[str]:
    """Return the events that came under several ids, or with several bodies, and the ids that two events had."""
    by_event: dict[str, set[tuple[str, str]]] = {}
    by_id: dict[str, set[str]] = {}
    for heard in calls:
        by_event.setdefault(event_of(heard), set()).add((heard.id, heard.text))
        by_id.setdefault(heard.id, set()).add(event_of(heard))
    wrong = [f"{event} as {len(forms)}" for event, forms in by_event.items() if len(forms) > 1]
    return wrong + [f"{name} for {len(events)} events" for name, events in by_id.items() if len(events) > 1]


def seconds_since(began: datetime) -> float:
    """Return how many seconds have passed."""
    return round((datetime.now(UTC) - began).total_seconds(), 1)
