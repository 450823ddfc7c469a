"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when the app is lost.

Source: OWASP ASVS 5, 6.5: every code counts once, secrets are sealed, recovery codes are stored as hashes (theirs have
118 bits, so a plain hash is right).
"""

import hashlib
import hmac
import secrets
import time
from typing import Final

import pyotp
from django.db import transaction
from django.utils import timezone

from tenants.encryption.installation import is_sealed_with_first_key, seal_for_installation, unseal_of_installation
from tenants.models import User
from tenants.session_models import RecoveryCode, SecondFactor

ISSUER: Final = "Charla"
STEP_SECONDS: Final = 30
STEPS_ASIDE: Final = (0, -1, 1)  # a clock may be half a minute off, and typing takes its time
CODES: Final = 10
ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is read as something else
CODE_LETTERS, GROUP = 24, 6


class AlreadyOnError(Exception):
    """The person has a second factor already."""


def has_second_factor(user: User) -> bool:
    """Tell whether a person is asked for a code."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def begin_second_factor(user: User) -> str:
    """Make a secret for the person's app and return it (base32); nothing is asked for until it is confirmed.

    Raises AlreadyOnError when there is one that holds.
    """
    secret = pyotp.random_base32()
    sealed = seal_for_installation(secret, context=_place(user))
    with transaction.atomic():
        if has_second_factor(user):
            raise AlreadyOnError
        SecondFactor.objects.update_or_create(user=user, defaults={"secret": sealed, "last_step": 0})
    return secret


def pending_secret(user: User) -> str | None:
    """Return the secret that was made and not confirmed yet."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=True).first()
    return _secret_of(user, factor) if factor else None


def provisioning_uri(user: User, secret: str) -> str:
    """Return what an app reads from the QR code (otpauth://)."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=user.email, issuer_name=ISSUER)


def confirm_second_factor(user: User, code: str) -> list[str] | None:
    """Turn it on with a first code of the app and return the recovery codes, this once; None for a wrong code."""
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at__isnull=True).first()
        if factor is None or not _is_next_code(user, factor, _digits(code)):
            return None
        SecondFactor.objects.filter(pk=user.pk).update(confirmed_at=timezone.now())
        return make_recovery_codes(user)


def is_right_code(user: User, code: str) -> bool:
    """Tell whether a code of the app, or a recovery code, is right; it is used up by that."""
    typed = _digits(code)
    with transaction.atomic():
        if len(typed) > len("000000"):
            return RecoveryCode.objects.filter(user=user, code_hash=_hash(typed)).delete()[0] == 1
        factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
        return factor is not None and _is_next_code(user, factor, typed)


def make_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes and return the new ones: nobody sees them again."""
    codes = ["".join(secrets.choice(ALPHABET) for _letter in range(CODE_LETTERS)) for _code in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create([RecoveryCode(user=user, code_hash=_hash(code)) for code in codes])
    return ["-".join(code[at : at + GROUP] for at in range(0, CODE_LETTERS, GROUP)) for code in codes]


def recovery_codes_left(user: User) -> int:
    """Return how many recovery codes were not used."""
    return RecoveryCode.objects.filter(user=user).count()


def remove_second_factor(user: User) -> bool:
    """Ask the person for no code any more; return whether one was asked for."""
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        confirmed = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False)
        was_on = confirmed.exists()
        SecondFactor.objects.filter(user=user).delete()
    return was_on


def _is_next_code(user: User, factor: SecondFactor, typed: str) -> bool:
    """Compare with the steps around now that come after the last one used; the row is locked."""
    secret = _secret_of(user, factor)
    app, now = pyotp.TOTP(secret, interval=STEP_SECONDS), int(time.time()) // STEP_SECONDS
    for step in (now + aside for aside in STEPS_ASIDE):
        if step > factor.last_step and hmac.compare_digest(app.generate_otp(step).encode(), typed.encode()):
            factor.last_step = step
            if not is_sealed_with_first_key(factor.secret):
                factor.secret = seal_for_installation(secret, context=_place(user))
            factor.save(update_fields=["last_step", "secret"])
            return True
    return False


def _secret_of(user: User, factor: SecondFactor) -> str:
    return unseal_of_installation(factor.secret, context=_place(user))


def _place(user: User) -> str:
    return f"tenants_secondfactor|secret|{user.pk}"


def _digits(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
