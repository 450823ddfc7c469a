"""What a report's data becomes for a reader, in the active language: sections of tiles, charts and tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analysis.models import ReportPeriod, ReportType
from analysis.reports import charts, wording
from analysis.reports.charts import Axis, Series
from analysis.reports.drawing import Drawing
from chats.models.people import ChannelKind

Data = Mapping[str, Any]

MOST_STARS: Final = 5


@dataclass(frozen=True)
class Tile:
    """A figure with its name, and how it was in the stretch before."""

    name: str
    value: str
    change: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing with its heading."""

    title: str
    drawing: Drawing


@dataclass(frozen=True)
class Table:
    """Rows under headings; the first column names the row, the others are figures."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass
class Section:
    """A part of a report."""

    title: str
    tiles: list[Tile] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    empty: str = ""


def title_of(data: Data) -> str:
    """Return a report's heading."""
    kind = {"daily": _("Daily report"), "weekly": _("Weekly report"), "monthly": _("Monthly report")}
    about = "" if data["type"] == ReportType.ALL else f": {ReportType(data['type']).label}"
    return f"{kind[data['period']]}{about}"


def whose(data: Data) -> str:
    """Return whom a report is about."""
    return data["tenant"] or _("The whole installation")


def stretch_of(data: Data) -> str:
    """Return a report's days in words."""
    return wording.stretch(date.fromisoformat(data["first"]), date.fromisoformat(data["last"]))


def sections_of(data: Data) -> list[Section]:
    """Return a report's sections in order."""
    return [MAKERS[name](part, data) for name, part in data["parts"].items()]


def change(now: float | None, before: float | None) -> str:
    """Return how a figure changed, in percent of what it was; empty where there is nothing to compare."""
    if not before or now is None:
        return ""
    part = (now - before) / before
    return f"{'+' if part >= 0 else '−'}{wording.share(abs(part))}"


def _tile(part: Data, name: str, label: str, write: Callable[[Any], str] = wording.number) -> Tile:
    now, before = part["totals"][name], part["before"][name]
    return Tile(label, write(now), change(now, before))


def _axis(part: Data, write: Callable[[float], str] = wording.short, *, top: int | None = None) -> Axis:
    return Axis([wording.short_day(date.fromisoformat(day["day"])) for day in part["days"]], write, top)


def _series(part: Data, name: str, label: str, colour: str) -> Series:
    return Series(label, colour, [day[name] for day in part["days"]])


def _usage(part: Data, data: Data) -> Section:
    section = Section(_("Usage"))
    section.tiles = [
        _tile(part, "conversations", _("Conversations")),
        _tile(part, "people", _("People who wrote")),
        _tile(part, "messages", _("Messages")),
        _tile(part, "tokens", _("Tokens used")),
    ]
    if not part["totals"]["messages"] and not part["totals"]["conversations"]:
        section.empty = _("Nobody wrote in this time.")
        return section
    section.charts = [
        Chart(_("Conversations begun, day by day"), charts.columns(
            _("Conversations begun on each day"), _axis(part),
            [_series(part, "conversations", _("Conversations"), charts.TEAL)],
        )),
        Chart(_("Messages, day by day"), charts.columns(
            _("Messages of each day by who wrote them"), _axis(part), _writers(part),
        )),
        Chart(_("When people write, by hour of the day"), charts.columns(
            _("People's messages by hour of the day"), Axis([str(hour) for hour in range(24)]),
            [Series(_("People's messages"), charts.BLUE, part["hours"])],
        )),
    ]  # fmt: skip
    if part["channels"]:
        names = dict(ChannelKind.choices)
        rows = [(str(names.get(key, key)), count, wording.number(count)) for key, count in part["channels"].items()]
        section.charts.append(Chart(_("Where conversations begin"), charts.bars(_("Conversations by channel"), rows)))
    if part["models"]:
        models = [[name, wording.number(replies), wording.number(tokens)] for name, replies, tokens in part["models"]]
        section.tables.append(Table(_("Language models"), (_("Model"), _("Replies"), _("Tokens")), models))
    return section


def _writers(part: Data) -> list[Series]:
    return [
        _series(part, "from_people", _("People"), charts.BLUE),
        _series(part, "from_agents", _("AI agents"), charts.TEAL),
        _series(part, "from_staff", _("Staff"), charts.AMBER),
    ]


def _performance(part: Data, data: Data) -> Section:
    totals = part["totals"]
    section = Section(_("Performance"))
    section.tiles = [
        _tile(part, "first_reply_ms", _("First reply, median"), wording.duration),
        _tile(part, "first_reply_p95_ms", _("First reply, 19 of 20 within"), wording.duration),
        _tile(part, "answered_within_a_minute", _("Answered within a minute"), wording.share),
        _tile(part, "resolved_by_agent", _("Resolved by AI agents")),
        _tile(part, "resolved_by_staff", _("Resolved by the staff")),
        _tile(part, "escalation_rate", _("Handed to the staff"), wording.share),
    ]
    if totals["first_reply_ms"] is None and not (totals["resolved_by_agent"] + totals["resolved_by_staff"]):
        section.empty = _("No conversation was answered in this time.")
        return section
    section.charts = [
        Chart(_("Time to the first reply, day by day"), charts.lines(
            _("Median time to the first reply of each day"), _axis(part, wording.duration),
            [_series(part, "first_reply_ms", _("Median"), charts.TEAL)],
        )),
        Chart(_("How long people waited for the first reply"), _waits(part)),
        Chart(_("Who resolved conversations, day by day"), charts.columns(
            _("Conversations of each day by who resolved them"), _axis(part),
            [_series(part, "resolved_by_agent", _("AI agents"), charts.TEAL),
             _series(part, "resolved_by_staff", _("Staff"), charts.AMBER)],
        )),
    ]  # fmt: skip
    if part["reasons"]:
        rows = [(_reason(key), count, wording.number(count)) for key, count in part["reasons"].items()]
        told = _("Conversations handed to the staff, by reason")
        section.charts.append(Chart(_("Why conversations were handed over"), charts.bars(told, rows, charts.AMBER)))
    return section


def _waits(part: Data) -> Drawing:
    longest = max(wait for wait, _count in part["waits"] if wait is not None)
    rows = []
    for wait, count in part["waits"]:
        words = {"time": wording.duration(longest if wait is None else wait)}
        name = _("longer than %(time)s") % words if wait is None else _("up to %(time)s") % words
        rows.append((name, count, wording.number(count)))
    return charts.bars(_("Conversations by how long the first reply took"), rows)


def _reason(key: str) -> str:
    known = {
        "requested": _("a person was asked for"),
        "negative_sentiment": _("somebody was upset"),
        "agent_unsure": _("the agent did not know"),
        "agent_failed": _("the agent could not answer"),
        "no_agent": _("no agent was active"),
        "reply_budget": _("too many replies"),
        "rule": _("a rule said so"),
    }
    return known.get(key, key or _("no reason was given"))


def _agents(part: Data, data: Data) -> Section:
    section = Section(_("Agents"))
    rows = part["agents"]
    if not rows:
        section.empty = _("No agent had a conversation in this time.")
        return section
    bars = [(_name(row), row["conversations"], wording.number(row["conversations"])) for row in rows[:12]]
    section.charts = [Chart(_("Conversations by agent"), charts.bars(_("Conversations by agent"), bars))]
    note = _("and %(count)s more agents with fewer conversations") % {"count": part["others"]} if part["others"] else ""
    headings = (
        _("Agent"), _("Conversations"), _("Resolved by it"), _("Handed over"), _("First reply"), _("Rating"), _("Mood"),
    )  # fmt: skip
    section.tables = [Table(_("How each agent did"), headings, [_agent_row(row) for row in rows], note)]
    return section


def _name(row: Data) -> str:
    return row["name"] or _("without an agent")


def _agent_row(row: Data) -> list[str]:
    return [
        _name(row), wording.number(row["conversations"]), wording.number(row["resolved_by_agent"]),
        wording.share(row["escalation_rate"]), wording.duration(row["first_reply_ms"]),
        wording.number(row["rating"], 2), wording.signed(row["mood"]),
    ]  # fmt: skip


def _satisfaction(part: Data, data: Data) -> Section:
    totals = part["totals"]
    section = Section(_("Satisfaction"))
    section.tiles = [
        _tile(part, "rating", _("Mean rating"), wording.stars),
        _tile(part, "ratings", _("Ratings")),
        _tile(part, "pleased", _("Four or five stars"), wording.share),
        Tile(_("Mood, −1 to +1"), wording.signed(totals["mood"])),
    ]
    read = totals["positive"] + totals["neutral"] + totals["negative"]
    if not totals["ratings"] and not read:
        section.empty = _("Nobody gave a rating in this time, and no message was read for its mood.")
        return section
    if totals["ratings"]:
        rows = [(f"{'★' * int(stars)}", count, wording.number(count)) for stars, count in part["stars"].items()]
        section.charts.append(Chart(_("Ratings"), charts.bars(_("Ratings by number of stars"), rows, charts.AMBER)))
        told = _("Mean rating of each day, one to five stars")
        section.charts.append(Chart(_("Mean rating, day by day"), charts.lines(
            told, _axis(part, top=MOST_STARS), [_series(part, "rating", _("Mean rating"), charts.AMBER)],
        )))  # fmt: skip
    if read:
        section.charts.append(Chart(_("How people sounded, day by day"), charts.columns(
            _("Messages of each day by their mood"), _axis(part),
            [_series(part, "positive", pgettext("sentiment", "positive"), charts.GREEN),
             _series(part, "neutral", pgettext("sentiment", "neutral"), charts.GREY),
             _series(part, "negative", pgettext("sentiment", "negative"), charts.RED)],
        )))  # fmt: skip
    return section


def _tenants(part: Data, data: Data) -> Section:
    section = Section(_("Tenants"))
    headings = (
        _("Tenant"), _("Conversations"), _("People"), _("Messages"), _("Tokens"), _("Handed over"), _("Rating"),
    )  # fmt: skip
    rows = [
        [row["tenant"], wording.number(row["conversations"]), wording.number(row["people"]),
         wording.number(row["messages"]), wording.number(row["tokens"]), wording.share(row["escalation_rate"]),
         wording.number(row["rating"], 2)]
        for row in part["tenants"]
    ]  # fmt: skip
    section.tables = [Table(_("What each tenant used"), headings, rows)]
    if not rows:
        section.empty = _("There is no tenant.")
    return section


MAKERS: Final[dict[str, Callable[[Data, Data], Section]]] = {
    "usage": _usage,
    "performance": _performance,
    "agents": _agents,
    "satisfaction": _satisfaction,
    "tenants": _tenants,
}


def period_name(kind: str) -> str:
    """Return what a report's kind of stretch is called."""
    return str(ReportPeriod(kind).label)
