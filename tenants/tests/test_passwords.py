"""Passwords: long ones, none that others would try, changed by who knows the old one."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from rest_framework.test import APIClient

from config.settings.environment import at_least
from tenants.models import TenantModel, User
from tenants.passwords import BreachedPasswordValidator
from tests.support.cast import PASSWORD

pytestmark = pytest.mark.django_db
CHANGE, ME = "/api/v1/auth/password/", "/api/v1/auth/me/"
NEW = "veinte mariposas lilas"


def log_in(user: User, password: str = PASSWORD) -> APIClient:
    answer = APIClient().post("/api/v1/auth/login/", {"email": user.email, "password": password})
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json().get('token', '')}")
    return client


@pytest.mark.parametrize(
    "password",
    [
        NEW,
        "aaaa bbbb cccc dddd",  # no rule about which characters
        "solominusculasyletras",
        "ñandú 🦜 köszönöm 北京",
        "x9" * 4 + "correct horse battery staple " * 6,  # 180 characters
    ],
)
def test_what_is_long_and_not_easily_guessed_is_taken(owner: User, password: str) -> None:
    validate_password(password, owner)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("fourteen chars", "too_short"),
        ("1234567890123456", "runs along"),
        ("aaaaaaaaaaaaaaaaaa", "same few"),
        ("qwertyuiopasdfghjkl", "runs along"),
        ("Charla-2026-Charla!", "anybody here"),
        ("acme acme acme 2026!", "anybody here"),
        ("owner@acme.example", "similar"),
    ],
)
def test_what_is_tried_first_is_refused(owner: User, password: str, why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, owner)
    told = " ".join([*refused.value.messages, *(str(error.code) for error in refused.value.error_list)])
    assert why in told


@pytest.fixture
def breaches(tmp_path: Path) -> Path:
    """A list as the downloader of “Pwned Passwords” writes it."""
    path = tmp_path / "pwned.txt"
    words = [f"password number {number}" for number in range(2_000)]
    digests = sorted(hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper() for word in words)
    path.write_text("".join(f"{digest}:{at + 1}\r\n" for at, digest in enumerate(digests)))
    return path


def test_every_password_of_the_list_is_refused_and_no_other(breaches: Path) -> None:
    validator = BreachedPasswordValidator(str(breaches))
    for number in range(2_000):
        with pytest.raises(ValidationError):
            validator.validate(f"password number {number}")
        validator.validate(f"password number {number}!")


def test_a_list_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("secret\n")
    for name in ("words.txt", "missing.txt"):
        with pytest.raises(ImproperlyConfigured, match="PASSWORD_BREACHES_FILE"):
            BreachedPasswordValidator(str(tmp_path / name))


def test_less_than_eight_characters_cannot_be_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_MIN_LENGTH", "7")
    with pytest.raises(ImproperlyConfigured, match="PASSWORD_MIN_LENGTH is 7: at least 8"):
        at_least(8, "PASSWORD_MIN_LENGTH", default=15)


def test_it_is_changed_by_who_knows_the_old_one(owner: User) -> None:
    here = log_in(owner)
    assert here.post(CHANGE, {"current_password": PASSWORD, "new_password": NEW}).status_code == 204
    assert log_in(owner, NEW).get(ME).status_code == 200
    assert log_in(owner).get(ME).status_code == 401


def test_other_log_ins_end_with_the_old_one(owner: User) -> None:
    here, other = log_in(owner), log_in(owner)
    here.post(CHANGE, {"current_password": PASSWORD, "new_password": NEW})
    assert (here.get(ME).status_code, other.get(ME).status_code) == (200, 401)


@pytest.mark.parametrize(
    ("said", "attr"),
    [
        ({"current_password": "wrong", "new_password": NEW}, "current_password"),
        ({"current_password": PASSWORD, "new_password": "short"}, "new_password"),
        ({"current_password": PASSWORD}, "new_password"),
    ],
)
def test_a_wrong_old_one_or_a_weak_new_one_changes_nothing(owner: User, said: dict[str, Any], attr: str) -> None:
    refused = log_in(owner).post(CHANGE, said)
    assert refused.status_code == 400
    assert {error["attr"] for error in refused.json()["errors"]} == {attr}
    assert log_in(owner).get(ME).status_code == 200


def test_it_counts_as_it_is_written(owner: User) -> None:
    padded = f"  {NEW.upper()}  "
    log_in(owner).post(CHANGE, {"current_password": PASSWORD, "new_password": padded})
    assert [log_in(owner, tried).get(ME).status_code for tried in (NEW, NEW.upper(), padded)] == [401, 401, 200]


def test_a_key_has_no_password(tenant: TenantModel) -> None:
    from tests.support.cast import client_with_key

    refused = client_with_key(tenant).post(CHANGE, {"current_password": PASSWORD, "new_password": NEW})
    assert refused.status_code == 403
