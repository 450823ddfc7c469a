"""Log-ins that are open: listed, used, ended, and ending by themselves."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from tenants.models import User
from tenants.services.credentials import caller_of_user
from tenants.services.sessions import end_all_sessions, remove_ended_sessions
from tenants.services.standing import Standing, standings
from tenants.session_models import LoginSession
from tests.support.administration import browser_of
from tests.support.cast import PASSWORD

pytestmark = pytest.mark.django_db
SESSIONS = "/api/v1/auth/sessions/"
ME = "/api/v1/auth/me/"


def log_in(user: User, **extra: Any) -> APIClient:
    client = APIClient()
    answer = client.post("/api/v1/auth/login/", {"email": user.email, "password": PASSWORD}, **extra)
    assert answer.status_code == 200, answer.content
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    return client


def enter(user: User) -> Client:
    """Log in to the administration, as a browser does."""
    User.objects.filter(pk=user.pk).update(is_staff=True)
    browser = Client(REMOTE_ADDR="198.51.100.9", headers={"User-Agent": "Firefox"})
    browser.post(reverse("admin:login"), {"username": user.email, "password": PASSWORD})
    assert browser.get(reverse("admin:index")).status_code == 200
    return browser


def is_in(browser: Client) -> bool:
    return browser.get(reverse("admin:index")).status_code == 200


def test_tokens_and_cookies_are_listed_with_where_they_come_from(owner: User) -> None:
    enter(owner)
    here = log_in(owner, REMOTE_ADDR="203.0.113.5", headers={"User-Agent": "curl/8"})
    rows = here.get(SESSIONS).json()["results"]
    told = {(row["kind"], row["address"], row["user_agent"], row["is_current"]) for row in rows}
    assert told == {("token", "203.0.113.5", "curl/8", True), ("cookie", "198.51.100.9", "Firefox", False)}


def test_nobody_sees_or_ends_anothers_log_in(owner: User, outsider: User) -> None:
    theirs = log_in(outsider)
    row = theirs.get(SESSIONS).json()["results"][0]
    here = log_in(owner)
    assert here.delete(f"{SESSIONS}{row['id']}/").status_code == 404
    assert row["id"] not in str(here.get(SESSIONS).json())
    assert theirs.get(ME).status_code == 200


def test_ending_a_token_makes_it_worth_nothing(owner: User) -> None:
    lost, here = log_in(owner), log_in(owner)
    row = lost.get(SESSIONS).json()["results"]
    other = next(one for one in row if one["is_current"])
    assert here.delete(f"{SESSIONS}{other['id']}/").status_code == 204
    assert lost.get(ME).status_code == 401
    assert here.get(ME).status_code == 200


def test_ending_a_cookie_logs_its_browser_out(owner: User) -> None:
    browser, here = enter(owner), log_in(owner)
    cookie = next(row for row in here.get(SESSIONS).json()["results"] if row["kind"] == "cookie")
    here.delete(f"{SESSIONS}{cookie['id']}/")
    assert not is_in(browser)


def test_logging_out_ends_this_log_in_alone(owner: User) -> None:
    here, there = log_in(owner), log_in(owner)
    assert here.post("/api/v1/auth/logout/").status_code == 204
    assert here.get(ME).status_code == 401
    assert there.get(ME).status_code == 200
    assert LoginSession.objects.count() == 1


def test_logging_out_everywhere_ends_tokens_and_cookies(owner: User) -> None:
    browser, here, there = enter(owner), log_in(owner), log_in(owner)
    assert here.post("/api/v1/auth/logoutall/").status_code == 204
    assert [one.get(ME).status_code for one in (here, there)] == [401, 401]
    assert not is_in(browser)


def test_the_administrations_log_out_ends_the_row(owner: User) -> None:
    browser = enter(owner)
    browser.post(reverse("admin:logout"))
    assert not LoginSession.objects.exists()


def test_a_log_in_that_is_not_used_for_too_long_ends(owner: User, settings: Any) -> None:
    here, browser = log_in(owner), enter(owner)
    LoginSession.objects.update(last_seen_at=timezone.now() - settings.LOGIN_IDLE)
    assert here.get(ME).status_code == 401
    assert not is_in(browser)


def test_a_log_in_that_is_used_lasts(owner: User, settings: Any) -> None:
    here, browser = log_in(owner), enter(owner)
    almost = timezone.now() - settings.LOGIN_IDLE + timedelta(minutes=1)
    LoginSession.objects.update(last_seen_at=almost)
    assert here.get(ME).status_code == 200
    assert is_in(browser)
    assert all(row.last_seen_at > timezone.now() - timedelta(minutes=1) for row in LoginSession.objects.all())


def test_a_log_in_ends_after_its_longest_life_however_much_it_is_used(owner: User) -> None:
    here, browser = log_in(owner), enter(owner)
    AuthToken.objects.update(expiry=timezone.now())
    LoginSession.objects.update(expires_at=timezone.now())
    assert here.get(ME).status_code == 401
    assert not is_in(browser)


def test_use_is_noted_once_a_minute_and_not_at_each_request(owner: User, django_assert_num_queries: Any) -> None:
    here = log_in(owner)
    here.get(ME)
    with django_assert_num_queries(1):  # the token with its person and its row; memberships are remembered
        here.get(ME)


def test_a_token_from_before_these_rows_gets_one(owner: User) -> None:
    _stored, token = AuthToken.objects.create(owner)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert client.get(ME).status_code == 200
    assert LoginSession.objects.get().user == owner


def test_a_cookie_from_before_these_rows_gets_one(owner: User) -> None:
    assert is_in(browser_of(owner))
    assert LoginSession.objects.get().user == owner


def test_a_token_of_somebody_deactivated_is_refused(owner: User) -> None:
    here = log_in(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert here.get(ME).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "ñ" * 40, "a" * 5_000])
def test_what_is_no_token_is_refused(db: None, token: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert client.get(ME).status_code == 401


def test_all_but_one_can_be_ended(owner: User) -> None:
    kept, other = log_in(owner), log_in(owner)
    AuthToken.objects.create(owner)
    row = next(row for row in kept.get(SESSIONS).json()["results"] if row["is_current"])
    end_all_sessions(owner, but=LoginSession.objects.get(pk=row["id"]))
    assert kept.get(ME).status_code == 200
    assert other.get(ME).status_code == 401
    assert AuthToken.objects.count() == 1


def test_what_ran_out_is_removed_with_its_token_and_cookie(owner: User, outsider: User, settings: Any) -> None:
    log_in(owner)
    enter(owner)
    LoginSession.objects.update(last_seen_at=timezone.now() - settings.LOGIN_IDLE)
    kept = log_in(outsider)
    assert remove_ended_sessions() == "2 log-ins ended"
    assert not Session.objects.exists()
    assert AuthToken.objects.count() == 1
    assert kept.get(ME).status_code == 200


def standing_of_token(user: User) -> Standing:
    stored = AuthToken.objects.select_related("login_session").get()
    return standings([caller_of_user(user, "", credential=stored, expires_at=stored.expiry)])[0]


def test_open_sockets_of_an_idle_token_are_to_be_closed(owner: User, settings: Any) -> None:
    log_in(owner)
    assert standing_of_token(owner) is Standing.SAME
    LoginSession.objects.update(last_seen_at=timezone.now() - settings.LOGIN_IDLE)
    assert standing_of_token(owner) is Standing.GONE


@pytest.mark.parametrize("ending", ["ended", "idle", "over"])
def test_open_sockets_of_a_cookie_that_ended_are_to_be_closed(owner: User, settings: Any, ending: str) -> None:
    browser = enter(owner)
    caller = caller_of_user(owner, "", session_key=browser.session.session_key or "")
    assert standings([caller]) == [Standing.SAME]
    if ending == "ended":
        end_all_sessions(owner)
    elif ending == "idle":
        LoginSession.objects.update(last_seen_at=timezone.now() - settings.LOGIN_IDLE)
    else:
        LoginSession.objects.update(expires_at=timezone.now())
    assert standings([caller]) == [Standing.GONE]
