"""Every metric by its name, with what it means: one that is not here is refused.

Labels are few and closed. What has no bound (tenants, chats, people) is counted in rows, not in labels (decision 19).
"""

from dataclasses import dataclass
from typing import Final, Literal

from tenants.registry import Registry

PREFIX: Final = "charla_"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CHARACTERS: Final = (10.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0)
UNBOUNDED: Final = frozenset(
    {"tenant", "chat", "user", "contact", "message", "document", "session", "email", "path", "url", "ip", "key"}
)

Kind = Literal["counter", "gauge", "histogram", "scraped"]


class UnboundedLabelError(ValueError):
    """A label that could take a value for every tenant, chat or person."""


def is_unbounded(label: str) -> bool:
    """Tell whether a label's name speaks of something that has no bound."""
    return label.removesuffix("_id") in UNBOUNDED


@dataclass(frozen=True)
class Definition:
    """What a metric is: its kind, what it says, its labels, and a histogram's upper bounds.

    One that is `scraped` is a gauge that nobody sets: it is read from the database at a scrape (services/scraping.py).
    """

    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = SECONDS

    def __post_init__(self) -> None:
        """Refuse labels without a bound."""
        if wrong := [label for label in self.labels if is_unbounded(label)]:
            raise UnboundedLabelError(f"A metric's label must be bounded; these are not: {', '.join(wrong)}.")


METRICS: Registry[Definition] = Registry("metric")

METRICS.add("http_requests", Definition("counter", "Requests answered.", ("method", "route", "status")))
METRICS.add("http_request_seconds", Definition("histogram", "Time to answer a request.", ("method", "route")))
METRICS.add("pipeline_stage_seconds", Definition("histogram", "Time in a stage of the pipeline.", ("stage",)))
METRICS.add("signal_seconds", Definition("histogram", "Time in a signal's receiver.", ("receiver", "outcome")))
METRICS.add("command_runs", Definition("counter", "Runs of management commands.", ("command", "outcome")))
METRICS.add("command_seconds", Definition("histogram", "Time that a management command took.", ("command",)))
METRICS.add("work_died", Definition("counter", "Work rows that were given up.", ("kind",)))
METRICS.add("turn_failures", Definition("counter", "Turns that failed and are tried again.", ("error",)))
METRICS.add("turns", Definition("counter", "Turns of agents, by how they ended.", ("outcome",)))
METRICS.add(
    "reply_seconds",
    Definition("histogram", "Time from a person's last message to the agent's stored reply.", ("turn",)),
)
METRICS.add("escalations", Definition("counter", "Conversations handed to the staff.", ("reason",)))
METRICS.add("sentiments_found", Definition("counter", "Messages by their mood, as they came.", ("sentiment",)))
METRICS.add("intents_found", Definition("counter", "Messages whose intent was looked for.", ("outcome",)))
METRICS.add("notifications_created", Definition("counter", "Notifications to people of the staff.", ("type",)))
METRICS.add("notification_sends", Definition("counter", "Attempts to tell people outside.", ("way", "outcome")))
METRICS.add("model_failures", Definition("counter", "Models that gave no reply.", ("provider",)))
METRICS.add("processor_failures", Definition("counter", "Stages of a message that failed.", ("processor",)))
METRICS.add("receiver_failures", Definition("counter", "Receivers that failed after a commit.", ("receiver",)))
METRICS.add("ring_failures", Definition("counter", "Times that the broker could not be rung."))
METRICS.add("realtime_publish_failures", Definition("counter", "Frames that could not be published."))
METRICS.add("chats_created", Definition("counter", "Conversations begun.", ("channel",)))
METRICS.add("chats_closed", Definition("counter", "Conversations that ended.", ("channel", "to")))
METRICS.add("chats_reopened", Definition("counter", "Conversations that went on after their end.", ("channel",)))
METRICS.add("messages_created", Definition("counter", "Messages stored.", ("sender",)))
METRICS.add("message_length", Definition("histogram", "Characters of a message.", ("sender",), CHARACTERS))
METRICS.add("webhook_deliveries", Definition("counter", "Attempts to deliver an event, by their end.", ("outcome",)))
METRICS.add("webhook_seconds", Definition("histogram", "Time that an endpoint took to answer."))
METRICS.add("log_ins", Definition("counter", "Log-ins, by how they ended.", ("outcome",)))
METRICS.add("unhandled_errors", Definition("counter", "Errors that nothing caught.", ("where",)))

METRICS.add("figures_readable", Definition("scraped", "Whether the figures of the database could be read."))
METRICS.add("active_chats", Definition("scraped", "Conversations that go on.", ("status",)))
METRICS.add("work_rows", Definition("scraped", "Work rows that are not done.", ("kind", "state")))
METRICS.add("work_oldest_seconds", Definition("scraped", "For how long the oldest row has been due.", ("kind",)))
METRICS.add("sweeper_lag_seconds", Definition("scraped", "For how long the oldest row that is due was not rung for."))
METRICS.add("sweepers", Definition("scraped", "Sweepers at work: one holds the lock, others wait for it."))
METRICS.add("webhook_endpoints", Definition("scraped", "Endpoints of webhooks, by how they do.", ("state",)))
METRICS.add("webhook_waiting", Definition("scraped", "Deliveries that wait, by how their endpoint does.", ("state",)))
METRICS.add("webhook_oldest_seconds", Definition("scraped", "Age of the oldest delivery to an endpoint that is on."))
