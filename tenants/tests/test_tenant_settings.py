"""What a tenant may set, and what its hours and rules mean."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from tenants.services.business_hours import is_open, next_opening
from tenants.services.debounce import debounce_of
from tenants.services.escalation_rules import EscalationRules, rules_of
from tenants.services.tenant_settings import validate

WEEK: dict[str, Any] = {"monday": [["09:00", "13:00"], ["14:00", "18:00"]], "friday": [["09:00", "24:00"]]}
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "settings",
    [
        {"business_hours": WEEK},
        {"escalation_rules": {"keywords": ["abogado"], "unsure_replies": 0, "very_negative": -1, "on_request": False}},
        {"response_debounce": 2},
        {"response_debounce": {"whatsapp": 4.5}},
        {"sentiment_analyzer": "lexical", "intent_threshold": 0.4, "archive_after_hours": 0},
    ],
)
def test_what_makes_sense_is_accepted(settings: dict[str, Any]) -> None:
    validate(settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"business_hours": {"lunes": [["09:00", "18:00"]]}},
        {"business_hours": {"monday": [["18:00", "09:00"]]}},
        {"business_hours": {"monday": [["9", "18:00"]]}},
        {"business_hours": {"monday": "09:00-18:00"}},
        {"escalation_rules": {"keyword": ["abogado"]}},
        {"escalation_rules": {"keywords": "abogado"}},
        {"escalation_rules": {"very_negative": 0.5}},
        {"escalation_rules": {"unsure_replies": True}},
        {"escalation_rules": {"on_request": 1}},
        {"response_debounce": -1},
        {"response_debounce": {"whatsapp": "3"}},
        {"response_debounce": True},
        {"sentiment_analyzer": "magic"},
    ],
)
def test_what_does_not_is_refused_by_name(settings: dict[str, Any]) -> None:
    with translation.override("en"), pytest.raises(ValidationError, match=next(iter(settings))):
        validate(settings)


def test_hours_are_read_in_the_tenants_time_zone() -> None:
    in_bogota = "America/Bogota"
    assert is_open(WEEK, in_bogota, MONDAY.replace(hour=14, minute=30))
    assert not is_open(WEEK, in_bogota, MONDAY.replace(hour=9))
    assert not is_open(WEEK, in_bogota, MONDAY.replace(hour=18, minute=30))


def test_the_next_opening_is_the_next_span_or_the_next_day_that_has_one() -> None:
    at_lunch = next_opening(WEEK, "UTC", MONDAY.replace(hour=13, minute=5))
    in_the_evening = next_opening(WEEK, "UTC", MONDAY.replace(hour=20))
    assert at_lunch == MONDAY.replace(hour=14)
    assert in_the_evening is not None
    assert in_the_evening.strftime("%A %H:%M") == "Friday 09:00"
    assert next_opening(WEEK, "UTC", MONDAY.replace(hour=10)) is None


def test_without_hours_somebody_is_always_there_and_with_none_at_all_never() -> None:
    assert is_open({}, "UTC", MONDAY)
    assert next_opening({"monday": []}, "UTC", MONDAY) is None


def test_rules_of_a_tenant_stand_over_the_defaults() -> None:
    rules = rules_of({"keywords": ["abogado"], "unsure_replies": 3})
    assert rules == EscalationRules(keywords=("abogado",), unsure_replies=3)


def test_the_debounce_is_the_channels_own() -> None:
    assert (debounce_of({}, "web"), debounce_of({}, "whatsapp"), debounce_of({"web": 1}, "web")) == (0, 3, 1)
    assert (debounce_of(2, "web"), debounce_of(0, "whatsapp")) == (2, 0)
