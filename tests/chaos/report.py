"""Adds the parts of a run up, and says in words what came out."""

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from tests.chaos.plan import kind_of
from tests.chaos.recovery import percentile

TARGET_SECONDS: Final = 5.0
COUNTED: Final = ("said", "accepted", "sent_again", "replies", "connections", "left_out", "faults", "seconds")
MEASURES: Final = ("seen", "stored", "waited")
SHOWN_FAULTS: Final = 10


def totals(name: dict[str, Any], parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the whole run's figures; `name` says which run, with its seed."""
    recovery = [row for part in parts for row in part["recovery"]]
    verdict: dict[str, list[str]] = {}
    for part in parts:
        for kind, found in part["verdict"].items():
            verdict.setdefault(kind, []).extend(found)
    return {
        **name,
        "parts": len(parts),
        "done": sum(part["blows"] for part in parts),
        **{key: round(sum(part.get(key, 0) for part in parts), 1) for key in COUNTED},
        "load": load([part["load"] for part in parts]),
        "verdict": {kind: len(found) for kind, found in verdict.items()},
        "found": {kind: found[:SHOWN_FAULTS] for kind, found in verdict.items() if found and kind != "handed_over"},
        "logs": [part["logs"] for part in parts if "logs" in part],
        "told": [one for part in parts for one in part.get("told", [])],
        "delays": [delay for part in parts for delay in part.get("delays", [])],
        "recovery": {
            "all": measures(recovery),
            **{hit: measures([row for row in recovery if kind_of(row["name"]) == hit]) for hit in names_of(recovery)},
        },
    }


def names_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return what was hit, each once."""
    return sorted({kind_of(row["name"]) for row in rows})


def load(parts: Sequence[Sequence[float]]) -> list[float]:
    """Return the least, the mean and the highest load of the machine, of the parts' own."""
    if not parts:
        return []
    least, means, most = zip(*parts, strict=True)
    return [min(least), round(sum(means) / len(means), 2), max(most)]


def measures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the recoveries after some blows come to, in seconds: median, 95th, 99th percentile, longest."""
    found: dict[str, Any] = {"blows": len(rows), "messages": sum(len(row["seen"]) for row in rows)}
    for measure in MEASURES:
        values = [value for row in rows for value in row[measure]]
        found[measure] = [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)]
    backs = [row["back"] for row in rows if row["back"] is not None]
    found["back"] = [percentile(backs, share) for share in (0.5, 0.95, 0.99, 1.0)]
    return found


def in_words(report: dict[str, Any]) -> str:
    """Return the report for people."""
    title = _("Chaos “%(scenario)s”, seed %(seed)s: %(done)s of %(count)s, %(said)s messages, %(people)s people")
    lines = [title % report, ""]
    lines += [f"  {label:<44} {value}" for label, value in _counts(report)]
    if report["recovery"]["all"]["messages"]:
        lines += ["", _("Recovery, in seconds after the blow (median, 95th, 99th percentile, longest):")]
        for name, found in report["recovery"].items():
            lines.append(f"  {_('all') if name == 'all' else name} ({found['blows']}, {found['messages']})")
            lines += [f"    {label:<42} {_numbers(found[measure])}" for measure, label in _measures()]
    lines += _told(report)
    if report["load"]:
        lines += ["", _("Load of the machine (least, mean, most): %s") % _numbers(report["load"])]
    for kind, found in report["found"].items():
        lines += ["", f"{kind}:", *(f"  {one}" for one in found)]
    lines += [_("Logs: %s") % folder for folder in report["logs"]]
    return "\n".join(lines)


def _counts(report: dict[str, Any]) -> list[tuple[str, Any]]:
    verdict = report["verdict"]
    labels = {
        "lost": _("acknowledged and lost"),
        "stored_twice": _("stored twice"),
        "answered_twice": _("answered twice"),
        "holes": _("holes in sequences"),
        "unanswered": _("unanswered at the end"),
        "out_of_order": _("out of order on a socket"),
        "unseen": _("stored and not shown"),
        "refused": _("refused"),
        "left_over": _("work left over"),
        "split": _("bursts without exactly one reply to all of it"),
        "talked_over": _("agent's messages after the staff's"),
        "renamed": _("events whose id or text changed"),
        "delayed": _("late where nothing was wrong"),
        "handed_over": _("handed to a person (no fault)"),
    }
    counted = [
        (_("acknowledged"), report["accepted"]),
        (_("sent again after a broken connection"), report["sent_again"]),
        (_("replies"), report["replies"]),
    ]
    if report["left_out"]:
        counted.append((_("rounds that do not count: too slow"), report["left_out"]))
    return counted + [(label, verdict.get(kind, 0)) for kind, label in labels.items() if kind in verdict]


def _told(report: dict[str, Any]) -> list[str]:
    if not report["told"]:
        return []
    line = _("  %(behaved)s: %(events)s events in %(calls)s calls, %(twice)s twice; all there %(minutes)s min after")
    delays = [percentile(report["delays"], share) for share in (0.5, 0.95, 0.99, 1.0)]
    return [
        "",
        _("Endpoints, and the simulated minutes from their recovery until they had everything:"),
        *(line % one for one in report["told"]),
        _("Seconds from an event to the endpoint that behaved well (as above): %s") % _numbers(delays),
    ]


def _measures() -> list[tuple[str, str]]:
    return [
        ("seen", _("until its person saw the answer")),
        ("stored", _("until the answer was stored")),
        ("waited", _("the same, from sending where that was later")),
        ("back", _("until what was hit worked again")),
    ]


def _numbers(values: Sequence[float | None]) -> str:
    return "  ".join("–" if value is None else f"{value:.2f}" for value in values)
