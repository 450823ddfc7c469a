"""What is kept of an endpoint's answer harms nobody who looks at it."""

import json
import random
import time
from uuid import UUID

import pytest

from notifications.services.answers import excerpt
from notifications.services.backoff import WAITS, rest_after, wait_after
from notifications.services.sending import Slots, retry_after

SENT = json.dumps({"type": "message.created", "data": {"content": "mi cédula es 1020", "parts": ['a "quoted" text']}})


def test_an_excerpt_is_short() -> None:
    assert len(excerpt(b"x" * 16_384, sent=SENT)) == 500


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x07", "\u202e", "\u200b", "\x9b", "\ud800"])
def test_control_characters_are_made_harmless(sign: str) -> None:
    shown = excerpt(f"a{sign}b".encode("utf-8", "surrogatepass"), sent=SENT)
    assert sign not in shown
    assert (shown[0], shown[-1]) == ("a", "b")


def test_an_answer_that_is_no_text_is_kept_as_far_as_it_is_one() -> None:
    assert excerpt(b"\xff\xfeok", sent=SENT).endswith("ok")


@pytest.mark.parametrize("echo", [SENT, json.dumps(SENT), "you said: mi cédula es 1020!", 'a \\"quoted\\" text'])
def test_what_an_answer_repeats_of_the_message_is_left_out(echo: str) -> None:
    shown = excerpt(echo.encode(), sent=SENT)
    assert "1020" not in shown
    assert "quoted" not in shown


def test_a_long_echo_that_is_cut_off_is_left_out_too() -> None:
    secret = "clave " * 5_000
    sent = json.dumps({"data": {"content": secret}})
    assert "clave" not in excerpt(f"got {secret}".encode()[:16_384], sent=sent)


def test_deliveries_wait_ever_longer_up_to_a_day() -> None:
    waits = [wait_after(attempt) for attempt in range(1, 40)]
    assert all(0.8 * WAITS[min(n, len(WAITS) - 1)] <= wait <= 1.2 * WAITS[min(n, len(WAITS) - 1)]
               for n, wait in enumerate(waits))  # fmt: skip
    assert len({wait_after(5) for _again in range(5)}) > 1


def test_an_endpoint_is_left_alone_only_after_three_failures_and_an_hour_at_most() -> None:
    random.seed(1)
    assert [rest_after(failures) for failures in (1, 2)] == [0, 0]
    assert 8 <= rest_after(3) <= 12
    assert rest_after(500) <= 3_600 * 1.2
    assert rest_after(1, wished=120) == 120
    assert rest_after(1, wished=1e9) == 86_400


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120), ("", None), ("soon", None), ("-5", None), ("9" * 400, 999_999_999)]
)
def test_retry_after_is_read_as_a_number(header: str, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_is_read_as_a_date() -> None:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
    assert 55 < (retry_after(date) or 0) <= 61


def test_slots_are_bounded_for_one_and_for_all() -> None:
    slots, one, other = Slots(most=3), _id(1), _id(2)
    assert [slots.take(one, 2), slots.take(one, 2), slots.take(one, 2)] == [True, True, False]
    assert [slots.take(other, 2), slots.take(other, 2)] == [True, False]
    slots.give_back(one)
    assert slots.take(other, 2)
    assert (slots.in_flight(), slots.in_flight(one)) == (3, 1)


def _id(number: int) -> UUID:
    return UUID(int=number)


def test_a_delivery_waits_as_long_as_it_is_asked_to_up_to_a_day() -> None:
    assert wait_after(1, 7_200.0) == 7_200
    assert wait_after(1, 31_536_000.0) == 86_400
