"""The second factor: on and off, in the API, and its codes."""

import time
import uuid
from typing import Any

import pyotp
import pytest
from rest_framework.test import APIClient

from audit.models import AuditLog
from tenants.encryption import SealError
from tenants.encryption.installation import seal_for_installation, unseal_of_installation
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tenants.services import login_guard, second_factor
from tenants.session_models import LoginSession, RecoveryCode, SecondFactor
from tests.support.cast import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN, ME, FACTOR = "/api/v1/auth/login/", "/api/v1/auth/me/", "/api/v1/auth/second-factor/"


@pytest.fixture(autouse=True)
def _own_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count no other test's guesses."""
    salt = uuid.uuid4().hex
    monkeypatch.setattr(login_guard, "_hash", lambda text, hashed=login_guard._hash: hashed(salt + text))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until a test moves it: each code counts once."""
    now = [time.time()]
    monkeypatch.setattr("tenants.services.second_factor.time.time", lambda: now[0])
    return now


def log_in(user: User, **more: str) -> Any:
    return APIClient().post(LOGIN, {"email": user.email, "password": PASSWORD, **more})


def client_in(answer: Any) -> APIClient:
    assert answer.status_code == 200, answer.content
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    return client


class App:
    """An authenticator app that has read the QR code."""

    def __init__(self, uri: str, clock: list[float]) -> None:
        totp = pyotp.parse_uri(uri)
        assert isinstance(totp, pyotp.TOTP)
        self.totp, self.clock = totp, clock

    def code(self, aside: int = 0) -> str:
        """Return the code of a new time step."""
        self.clock[0] += 30
        return str(self.totp.at(int(self.clock[0]) + 30 * aside))


def turn_on(client: APIClient, clock: list[float]) -> tuple[App, list[str]]:
    begun = client.post(FACTOR, {"password": PASSWORD})
    assert begun.status_code == 201, begun.content
    app = App(begun.json()["uri"], clock)
    confirmed = client.post(f"{FACTOR}confirm/", {"code": app.code()})
    assert confirmed.status_code == 200, confirmed.content
    return app, confirmed.json()["recovery_codes"]


def test_it_is_on_after_a_first_code(owner: User, clock: list[float]) -> None:
    here = client_in(log_in(owner))
    assert here.get(FACTOR).json() == {"is_on": False, "recovery_codes_left": 0}
    turn_on(here, clock)
    assert here.get(FACTOR).json() == {"is_on": True, "recovery_codes_left": 10}


def test_nothing_is_asked_for_before_the_first_code(owner: User, clock: list[float]) -> None:
    here = client_in(log_in(owner))
    here.post(FACTOR, {"password": PASSWORD})
    assert log_in(owner).status_code == 200
    assert here.post(f"{FACTOR}confirm/", {"code": "000000"}).json()["errors"][0]["attr"] == "code"
    assert log_in(owner).status_code == 200


def test_the_password_alone_logs_nobody_in_any_more(owner: User, clock: list[float]) -> None:
    app, _codes = turn_on(client_in(log_in(owner)), clock)
    refused = log_in(owner)
    assert (refused.status_code, refused.json()["errors"][0]["code"], refused.json()["errors"][0]["attr"]) == (
        400, "required", "code",
    )  # fmt: skip
    assert log_in(owner, code="123").status_code == 401
    assert log_in(owner, code=app.code()).status_code == 200
    assert LoginSession.objects.filter(second_factor=True).count() == 2


def test_a_wrong_password_says_nothing_about_the_second_factor(owner: User, clock: list[float]) -> None:
    turn_on(client_in(log_in(owner)), clock)
    refused = APIClient().post(LOGIN, {"email": owner.email, "password": "wrong", "code": "000000"})
    nobody = APIClient().post(LOGIN, {"email": "nobody@example.com", "password": "wrong", "code": "000000"})
    assert (refused.status_code, refused.json()) == (nobody.status_code, nobody.json())


def test_a_code_counts_once(owner: User, clock: list[float]) -> None:
    app, _codes = turn_on(client_in(log_in(owner)), clock)
    code = app.code()
    assert [log_in(owner, code=code).status_code for _try in range(2)] == [200, 401]


def test_an_older_code_than_the_last_one_does_not_count(owner: User, clock: list[float]) -> None:
    app, _codes = turn_on(client_in(log_in(owner)), clock)
    assert log_in(owner, code=app.code(aside=1)).status_code == 200
    assert log_in(owner, code=str(app.totp.at(int(clock[0])))).status_code == 401


@pytest.mark.parametrize(("aside", "status"), [(-1, 200), (1, 200), (-2, 401), (2, 401)])
def test_a_clock_may_be_half_a_minute_off(owner: User, clock: list[float], aside: int, status: int) -> None:
    app, _codes = turn_on(client_in(log_in(owner)), clock)
    clock[0] += 300
    assert log_in(owner, code=app.code(aside)).status_code == status


def test_a_recovery_code_stands_in_once(owner: User, clock: list[float]) -> None:
    _app, codes = turn_on(client_in(log_in(owner)), clock)
    typed = codes[3].upper().replace("-", " ")
    assert [log_in(owner, code=typed).status_code for _try in range(2)] == [200, 401]
    assert RecoveryCode.objects.count() == 9


def test_anothers_recovery_code_does_not_count(owner: User, outsider: User, clock: list[float]) -> None:
    turn_on(client_in(log_in(owner)), clock)
    _app, theirs = turn_on(client_in(log_in(outsider)), clock)
    assert log_in(owner, code=theirs[0]).status_code == 401


def test_new_recovery_codes_replace_the_old_ones(owner: User, clock: list[float]) -> None:
    here = client_in(log_in(owner))
    app, old = turn_on(here, clock)
    made = here.post(f"{FACTOR}recovery-codes/", {"password": PASSWORD, "code": app.code()})
    assert log_in(owner, code=old[0]).status_code == 401
    assert log_in(owner, code=made.json()["recovery_codes"][0]).status_code == 200


def test_turning_it_off_needs_password_and_code(owner: User, clock: list[float]) -> None:
    here = client_in(log_in(owner))
    app, _codes = turn_on(here, clock)
    wrong = [{"password": "wrong", "code": app.code()}, {"password": PASSWORD, "code": "000000"}]
    assert [here.post(f"{FACTOR}remove/", said).status_code for said in wrong] == [400, 400]
    assert here.get(FACTOR).json()["is_on"]
    assert here.post(f"{FACTOR}remove/", {"password": PASSWORD, "code": app.code()}).status_code == 204
    assert log_in(owner).status_code == 200


def test_beginning_needs_the_password_and_is_refused_when_it_is_on(owner: User, clock: list[float]) -> None:
    here = client_in(log_in(owner))
    assert here.post(FACTOR, {"password": "wrong"}).status_code == 400
    turn_on(here, clock)
    assert here.post(FACTOR, {"password": PASSWORD}).status_code == 409


def test_other_log_ins_end_when_it_is_turned_on(owner: User, clock: list[float]) -> None:
    here, other = client_in(log_in(owner)), client_in(log_in(owner))
    turn_on(here, clock)
    assert (here.get(ME).status_code, other.get(ME).status_code) == (200, 401)


def test_codes_can_be_guessed_a_few_times_alone(owner: User, clock: list[float]) -> None:
    app, _codes = turn_on(client_in(log_in(owner)), clock)
    assert [log_in(owner, code="000000").status_code for _try in range(11)] == [401] * 10 + [429]
    assert log_in(owner, code=app.code()).status_code == 429


def test_what_is_stored_gives_nothing_away(owner: User, clock: list[float]) -> None:
    here = client_in(log_in(owner))
    secret = here.post(FACTOR, {"password": PASSWORD}).json()["secret"]
    app = App(second_factor.provisioning_uri(owner, secret), clock)
    codes = here.post(f"{FACTOR}confirm/", {"code": app.code()}).json()["recovery_codes"]
    stored = str([*SecondFactor.objects.values(), *RecoveryCode.objects.values()])
    assert secret not in stored
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]


def test_a_secret_opens_at_its_place_alone() -> None:
    sealed = seal_for_installation("secret", context="a")
    assert unseal_of_installation(sealed, context="a") == "secret"
    for wrong, context in ((sealed, "b"), (sealed[:-6] + "AAAAA=", "a"), ("m1.x", "a"), ("c1" + sealed[2:], "a")):
        with pytest.raises(SealError):
            unseal_of_installation(wrong, context=context)


def test_a_secret_is_sealed_anew_with_a_new_master_key(owner: User, clock: list[float], settings: Any) -> None:
    app, _codes = turn_on(client_in(log_in(owner)), clock)
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = "newer:" + "A" * 43 + "=," + old
    assert log_in(owner, code=app.code()).status_code == 200
    settings.ENCRYPTION_KEYS = "newer:" + "A" * 43 + "="
    assert log_in(owner, code=app.code()).status_code == 200


def test_what_happens_to_it_is_in_the_audit_log_without_a_secret(
    owner: User, tenant: TenantModel, clock: list[float]
) -> None:
    here = client_in(log_in(owner))
    app, _codes = turn_on(here, clock)
    here.post(f"{FACTOR}remove/", {"password": PASSWORD, "code": app.code()})
    with in_tenant(tenant):
        rows = list(AuditLog.objects.filter(object_id=str(owner.pk)).order_by("id"))
    assert [row.action for row in rows] == ["logged_in", "second_factor_on", "second_factor_off"]
    assert app.totp.secret not in str([row.details for row in rows])
