"""What is sealed opens only in its tenant, at its place, with the installation's keys."""

import base64
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.encryption import SealError, seal, unseal
from tenants.encryption.data_keys import forget_keys
from tenants.models import DataKey, TenantModel
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db

PLACE = "notifications_room|url|1"
KEYS = [f"k{number}:{base64.b64encode(bytes([number]) * 32).decode()}" for number in range(3)]


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> Iterator[None]:
    settings.ENCRYPTION_KEYS = KEYS[0]
    forget_keys()
    yield
    forget_keys()


def test_what_was_sealed_opens_again_and_looks_like_nothing_meanwhile(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        sealed = seal("¡secreto! 🔑", context=PLACE)
        assert unseal(sealed, context=PLACE) == "¡secreto! 🔑"
        assert "secreto" not in sealed
        assert seal("¡secreto! 🔑", context=PLACE) != sealed
        assert DataKey.objects.count() == 1


def test_a_first_key_whose_transaction_was_rolled_back_is_made_again(tenant: TenantModel) -> None:
    with contextlib.suppress(ZeroDivisionError), in_tenant(tenant):
        seal("secret", context=PLACE)
        raise ZeroDivisionError
    with in_tenant(tenant):
        assert unseal(seal("secret", context=PLACE), context=PLACE) == "secret"


def test_a_sealed_value_does_not_open_elsewhere(tenant: TenantModel, neighbour: TenantModel) -> None:
    with in_tenant(tenant):
        sealed = seal("secret", context=PLACE)
        with pytest.raises(SealError, match="moved"):
            unseal(sealed, context="notifications_room|url|2")
    with in_tenant(neighbour), pytest.raises(SealError):
        unseal(sealed, context=PLACE)


@pytest.mark.parametrize("position", [3, 45, -3])
def test_a_changed_value_does_not_open(tenant: TenantModel, position: int) -> None:
    with in_tenant(tenant):
        sealed = seal("secret", context=PLACE)
        other = "a" if sealed[position] != "a" else "b"
        at = position % len(sealed)
        with pytest.raises(SealError):
            unseal(sealed[:at] + other + sealed[at + 1 :], context=PLACE)


def test_another_spelling_of_a_sealed_value_does_not_open(tenant: TenantModel) -> None:
    with in_tenant(tenant):
        sealed = seal("secret", context=PLACE)
        for changed in (f"{sealed}=", f"{sealed[:50]}!{sealed[50:]}", f"{sealed}\n"):
            with pytest.raises(SealError):
                unseal(changed, context=PLACE)


@pytest.mark.parametrize("text", ["", "secret", "c1.x.y", "c2.018f0000-0000-7000-8000-000000000000.AAAA"])
def test_what_was_never_sealed_is_said_so(tenant: TenantModel, text: str) -> None:
    with in_tenant(tenant), pytest.raises(SealError):
        unseal(text, context=PLACE)


def test_a_new_first_key_wraps_and_the_old_one_still_opens(tenant: TenantModel, settings: Any) -> None:
    with in_tenant(tenant):
        sealed = seal("secret", context=PLACE)
        settings.ENCRYPTION_KEYS = f"{KEYS[1]},{KEYS[0]}"
        forget_keys()
        assert unseal(sealed, context=PLACE) == "secret"


@pytest.mark.parametrize(
    ("keys", "said"), [("", "k0"), (KEYS[1], "k0"), (f"k0:{KEYS[1][3:]}", "not the one"), ("k0:short", "at least 32")]
)
def test_a_missing_or_wrong_master_key_is_a_clear_error(
    tenant: TenantModel, settings: Any, keys: str, said: str
) -> None:
    with in_tenant(tenant):
        sealed = seal("secret", context=PLACE)
        settings.ENCRYPTION_KEYS = keys
        forget_keys()
        with pytest.raises(SealError, match=said):
            unseal(sealed, context=PLACE)


def test_without_any_key_nothing_is_stored_in_clear_instead(tenant: TenantModel, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = ""
    with in_tenant(tenant), pytest.raises(SealError, match="CHARLA_ENCRYPTION_KEYS"):
        seal("secret", context=PLACE)


def test_the_cipher_is_the_standards_own() -> None:
    """AES-256-GCM, test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation"."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
        "ba637b39"
    )
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = AESGCM(key).encrypt(bytes.fromhex("cafebabefacedbaddecaf888"), plain, bound)
    assert sealed[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"
