"""The administration's door with a second factor, and “My account”."""

import time
from typing import Any

import pyotp
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tenants.scope import OPERATIONS
from tenants.services import login_guard, second_factor
from tenants.services.sessions import open_with_token, origin_of
from tenants.session_models import LoginSession
from tests.support.administration import browser_of
from tests.support.cast import PASSWORD

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])
NEW = "veinte mariposas lilas"


@pytest.fixture(autouse=True)
def _own_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count no other test's guesses."""
    salt = str(time.monotonic_ns())
    monkeypatch.setattr(login_guard, "_hash", lambda text, hashed=login_guard._hash: hashed(salt + text))


@pytest.fixture
def staff(owner: User) -> User:
    """A member who may use the administration."""
    owner.is_staff = True
    owner.save(update_fields=["is_staff"])
    return owner


def enter(user: User, password: str = PASSWORD, browser: Client | None = None, **more: Any) -> Any:
    browser = browser or Client()
    data = {"username": user.email, "password": password}
    return browser, browser.post(f"{reverse('admin:login')}?next=/admin/account/", data, **more)


def is_in(browser: Client) -> bool:
    return browser.get(reverse("admin:index")).status_code == 200


def app_of(user: User) -> pyotp.TOTP:
    """Turn a second factor on, with a code of a minute ago."""
    app = pyotp.TOTP(second_factor.begin_second_factor(user))
    assert second_factor.confirm_second_factor(user, app.at(int(time.time()) - 30))
    return app


def test_a_password_is_enough_without_a_second_factor(staff: User) -> None:
    browser, answer = enter(staff)
    assert answer.url == "/admin/account/"
    assert is_in(browser)


def test_where_to_go_on_is_never_another_host(staff: User) -> None:
    data = {"username": staff.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post(reverse("admin:login"), data).headers["Location"] == reverse("admin:index")


def test_with_a_second_factor_the_password_alone_opens_nothing(staff: User) -> None:
    app_of(staff)
    browser, answer = enter(staff)
    assert answer.url == reverse("admin:login")
    assert not is_in(browser)
    assert browser.get("/api/v1/auth/me/").status_code == 401
    assert b'name="code"' in browser.get(reverse("admin:login")).content


def test_the_code_opens_the_page_that_was_wanted(staff: User) -> None:
    app = app_of(staff)
    browser, _answer = enter(staff)
    wrong = browser.post(reverse("admin:login"), {"code": "000000"})
    assert "wrong" in wrong.content.decode()
    answer = browser.post(reverse("admin:login"), {"code": app.now()})
    assert answer.url == "/admin/account/"
    assert is_in(browser)
    assert LoginSession.objects.get().second_factor


def test_the_code_has_to_come_soon_after_the_password(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_of(staff)
    browser, _answer = enter(staff)
    session = browser.session
    session["charla_pending_login"] = {**session["charla_pending_login"], "at": timezone.now().timestamp() - 301}
    session.save()
    browser.post(reverse("admin:login"), {"code": app.now()})
    assert not is_in(browser)


def test_one_can_begin_again_as_somebody_else(staff: User) -> None:
    app_of(staff)
    browser, _answer = enter(staff)
    assert b'name="username"' in browser.get(f"{reverse('admin:login')}?again").content


def test_codes_are_guessed_a_few_times_alone(staff: User) -> None:
    app_of(staff)
    browser, _answer = enter(staff)
    answers = [browser.post(reverse("admin:login"), {"code": "000000"}).status_code for _try in range(11)]
    assert answers == [200] * 10 + [429]


def test_a_session_that_was_begun_without_the_second_factor_is_none(staff: User) -> None:
    browser = browser_of(staff)
    assert is_in(browser)
    app_of(staff)
    assert not is_in(browser)


def test_the_account_lists_log_ins_and_ends_them(staff: User, rf: Any) -> None:
    other, _answer = enter(staff, headers={"User-Agent": "Lynx"})
    browser = browser_of(staff)
    page = browser.get(reverse("admin:account")).content.decode()
    assert "Lynx" in page
    row = LoginSession.objects.get(user_agent="Lynx")
    browser.post(reverse("admin:end_session", args=[row.pk]))
    assert not is_in(other)
    assert is_in(browser)


def test_nobody_ends_anothers_log_in(staff: User, outsider: User, rf: Any) -> None:
    row, _token = open_with_token(outsider, origin_of(rf.get("/")))
    assert browser_of(staff).post(reverse("admin:end_session", args=[row.pk])).status_code == 404
    assert LoginSession.objects.filter(pk=row.pk).exists()


def test_all_others_end_at_once(staff: User, rf: Any) -> None:
    other, _answer = enter(staff)
    open_with_token(staff, origin_of(rf.get("/")))
    browser = browser_of(staff)
    browser.post(reverse("admin:end_other_sessions"))
    assert (is_in(other), is_in(browser)) == (False, True)
    assert LoginSession.objects.count() == 1


def test_the_second_factor_is_turned_on_shown_and_turned_off(staff: User) -> None:
    browser = browser_of(staff)
    assert browser.post(reverse("admin:second_factor"), {"password": "wrong"}).status_code == 200
    assert second_factor.pending_secret(staff) is None
    browser.post(reverse("admin:second_factor"), {"password": PASSWORD})
    app = pyotp.TOTP(second_factor.pending_secret(staff) or "")
    page = browser.get(reverse("admin:second_factor_confirm")).content.decode()
    assert "data:image/svg+xml" in page
    assert app.secret[:4] in page
    shown = browser.post(reverse("admin:second_factor_confirm"), {"code": app.at(int(time.time()) - 30)})
    assert len(shown.context["codes"]) == 10
    assert is_in(browser)
    again = browser.post(reverse("admin:recovery_codes"), {"password": PASSWORD, "code": app.now()})
    assert len(again.context["codes"]) == 10
    browser.post(reverse("admin:second_factor_remove"), {"password": PASSWORD, "code": again.context["codes"][0]})
    assert not second_factor.has_second_factor(staff)


def test_a_new_password_keeps_this_browser_and_ends_the_others(staff: User) -> None:
    other, _answer = enter(staff)
    browser, _answer = enter(staff)
    url = reverse("admin:password_change")
    new = {"new_password1": NEW, "new_password2": NEW}
    assert "old_password" in browser.post(url, {"old_password": "wrong", **new}).context["form"].errors
    assert browser.post(url, {"old_password": PASSWORD, **new}).status_code == 302
    assert (is_in(browser), is_in(other)) == (True, False)
    assert is_in(enter(staff, NEW)[0])
    row = LoginSession.objects.first()
    assert row is not None
    assert row.session_key


def test_the_operator_helps_who_has_lost_the_app(staff: User, operator: User) -> None:
    app_of(staff)
    data = {"action": "remove_second_factor", "_selected_action": [str(staff.pk)]}
    browser_of(operator).post(reverse("admin:tenants_user_changelist"), data)
    assert is_in(enter(staff)[0])


def test_the_operator_ends_anybodys_log_in(staff: User, operator: User) -> None:
    browser, _answer = enter(staff)
    row = LoginSession.objects.get(user=staff)
    boss = browser_of(operator)
    boss.post(reverse("admin:tenants_loginsession_delete", args=[row.pk]), {"post": "yes"})
    assert not is_in(browser)
    other, _answer = enter(staff)
    chosen = [str(pk) for pk in LoginSession.objects.filter(user=staff).values_list("pk", flat=True)]
    data = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    boss.post(reverse("admin:tenants_loginsession_changelist"), data)
    assert not is_in(other)


def test_who_is_deactivated_or_gets_a_password_set_is_logged_out(staff: User, operator: User) -> None:
    boss = browser_of(operator)
    browser, _answer = enter(staff)
    new = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    boss.post(reverse("admin:auth_user_password_change", args=[staff.pk]), new)
    assert not is_in(browser)
    assert not LoginSession.objects.filter(user=staff).exists()


def test_the_cookie_is_not_for_scripts(staff: User) -> None:
    _browser, answer = enter(staff)
    for name in (settings.SESSION_COOKIE_NAME, settings.DEVICE_COOKIE_NAME):
        assert answer.cookies[name]["httponly"]
        assert answer.cookies[name]["samesite"] == "Lax"
