"""Logging in: the same answer whoever is asked about, few guesses, and no way to lock the owner out."""

import re
import statistics
import time
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher, make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from tenants.models import User
from tenants.services import login_guard
from tests.support.cast import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/api/v1/auth/login/"
HERE, ELSEWHERE = "203.0.113.5", "198.51.100.7"


@pytest.fixture(autouse=True)
def _own_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count no other test's guesses."""
    salt = uuid.uuid4().hex
    monkeypatch.setattr(login_guard, "_hash", lambda text, hashed=login_guard._hash: hashed(salt + text))


def guess(email: str, password: str = "wrong password", address: str = ELSEWHERE, client: Any = None) -> Any:
    return (client or APIClient()).post(LOGIN, {"email": email, "password": password}, REMOTE_ADDR=address)


def without_id(answer: Any) -> tuple[int, Any, set[str]]:
    return answer.status_code, answer.json(), set(answer.headers)


def test_nobody_learns_which_accounts_there_are(owner: User, outsider: User) -> None:
    User.objects.filter(pk=outsider.pk).update(is_active=False)
    answers = [
        without_id(guess(owner.email)),
        without_id(guess("nobody@example.com")),
        without_id(guess(outsider.email, PASSWORD)),
    ]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


def test_the_administration_does_not_tell_either(client: Any, owner: User, operator: User) -> None:
    def told(email: str, password: str) -> str:
        page = client.post(reverse("admin:login"), {"username": email, "password": password})
        assert page.status_code == 200
        return str(page.context["form"].errors)

    # The first exists, the second does not, the third has the right password and is no staff.
    answers = [told(operator.email, "wrong"), told("nobody@example.com", "wrong"), told(owner.email, PASSWORD)]
    assert answers[0] == answers[1] == answers[2]


def test_an_unknown_account_takes_the_same_statements(owner: User) -> None:
    def statements(email: str) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            guess(email)
        return [re.sub(r"WHERE.*|SAVEPOINT.*|VALUES.*", "", query["sql"]) for query in seen.captured_queries]

    statements("warm@example.com")
    assert statements(owner.email) == statements("nobody@example.com")


def test_an_unknown_account_takes_the_same_time(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BCryptSHA256PasswordHasher, "rounds", 12)  # as it is outside of the suite
    User.objects.filter(pk=owner.pk).update(password=make_password(PASSWORD))

    def seconds(email: str) -> float:
        began = time.process_time()
        guess(email)
        return time.process_time() - began

    seconds(owner.email)
    pairs = [(seconds(owner.email), seconds("nobody@example.com")) for _round in range(5)]
    known, unknown = (statistics.median(side) for side in zip(*pairs, strict=True))
    assert abs(known - unknown) < 0.25 * known


@pytest.mark.parametrize("email", ["owner@acme.example", "nobody@example.com"])
def test_after_ten_wrong_guesses_from_one_address_the_next_has_to_wait(owner: User, email: str) -> None:
    assert [guess(email).status_code for _try in range(10)] == [401] * 10
    refused = guess(email, PASSWORD)
    assert refused.status_code == 429
    assert refused.json()["errors"][0]["code"] == "rate_limited"
    assert 0 < int(refused.headers["Retry-After"]) <= 90


def test_the_administration_and_the_api_count_together(client: Any, operator: User) -> None:
    for _try in range(10):
        guess(operator.email)
    page = client.post(
        reverse("admin:login"), {"username": operator.email, "password": PASSWORD}, REMOTE_ADDR=ELSEWHERE
    )
    assert page.status_code == 429
    assert "Retry-After" in page.headers
    assert "_auth_user_id" not in client.session


def test_right_guesses_do_not_count(owner: User) -> None:
    assert {guess(owner.email, PASSWORD).status_code for _try in range(15)} == {200}


def test_who_guesses_elsewhere_does_not_lock_the_owner_out(owner: User) -> None:
    for _try in range(12):
        guess(owner.email)
    assert guess(owner.email, PASSWORD, HERE).status_code == 200


def test_one_network_cannot_guess_at_many_accounts(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_guard, "OF_NETWORK", (login_guard.OF_NETWORK[0], 0.001))  # however long it takes to guess
    answers = [guess(f"person{number}@example.com", address="8.8.8.8").status_code for number in range(51)]
    assert answers == [401] * 50 + [429]


def test_one_ipv6_network_is_one_guesser(owner: User) -> None:
    answers = [guess(owner.email, address=f"2001:db8::{number}").status_code for number in range(11)]
    assert answers[-2:] == [401, 429]


@pytest.fixture
def _few_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(login_guard.OF_ACCOUNT, "password", (5, 0.001))


@pytest.mark.usefixtures("_few_for_all")
def test_many_networks_together_have_to_wait_too(owner: User) -> None:
    answers = [guess(owner.email, address=f"8.8.{number}.8").status_code for number in range(6)]
    assert answers == [401] * 5 + [429]


@pytest.mark.usefixtures("_few_for_all")
def test_not_even_many_networks_lock_the_owner_out_where_it_has_been_before(owner: User) -> None:
    assert guess(owner.email, PASSWORD, HERE).status_code == 200
    for number in range(6):
        guess(owner.email, address=f"8.8.{number}.8")
    assert guess(owner.email, PASSWORD, "192.0.2.77").status_code == 429
    assert guess(owner.email, PASSWORD, HERE).status_code == 200


@pytest.mark.usefixtures("_few_for_all")
def test_nor_in_a_browser_that_it_has_logged_in_with_wherever_that_is(owner: User) -> None:
    browser = APIClient()
    assert guess(owner.email, PASSWORD, HERE, browser).status_code == 200
    for number in range(12):
        guess(owner.email, address=f"8.8.{number}.8")
        guess(owner.email, address="192.0.2.77")
    assert guess(owner.email, PASSWORD, "192.0.2.77").status_code == 429
    assert guess(owner.email, PASSWORD, "192.0.2.77", browser).status_code == 200


def test_a_browsers_mark_helps_with_its_own_account_alone_and_not_for_ever(owner: User, outsider: User) -> None:
    browser = APIClient()
    guess(owner.email, PASSWORD, HERE, browser)
    assert [guess(outsider.email, client=browser).status_code for _try in range(11)][-1] == 429
    assert [guess(owner.email, client=browser).status_code for _try in range(11)][-1] == 429


def test_a_forged_mark_is_none(owner: User) -> None:
    browser = APIClient()
    browser.cookies[settings.DEVICE_COOKIE_NAME] = "eyJhY2NvdW50IjoiIn0:1abc:forged"
    assert [guess(owner.email, client=browser).status_code for _try in range(11)][-1] == 429


def test_where_guesses_are_counted_no_address_stands(owner: User) -> None:
    from tenants.limits.buckets import _script

    guess(owner.email)
    names = [name.decode() for name in _script().registered_client.scan_iter("limit:login:*")]
    assert names
    assert not [name for name in names if "acme" in name or ELSEWHERE in name]


def test_a_proxy_that_is_not_ours_cannot_make_up_addresses(owner: User) -> None:
    def forged(number: int) -> int:
        headers = {"X-Forwarded-For": f"8.8.{number}.8"}
        said = {"email": owner.email, "password": "wrong"}
        return int(APIClient().post(LOGIN, said, headers=headers, REMOTE_ADDR=ELSEWHERE).status_code)

    assert [forged(number) for number in range(11)][-1] == 429
