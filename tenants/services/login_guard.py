"""How often somebody may guess: per account and network, per network, and per account from networks new to it.

Whoever guesses fills buckets of their own network. The account's shared bucket, which many networks can fill together,
does not count for a network or a browser that the person has logged in from: nobody can lock the owner out.
Source: OWASP ASVS 5, 6.3.1; OWASP, "Device cookies". Names are keyed hashes: the store learns no address.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from tenants.client_address import network_of
from tenants.limits.buckets import Bucket, take
from tenants.limits.rules import is_on_the_internet
from tenants.models import User
from tenants.session_models import KnownAddress

MINUTE: Final = 60
OF_ACCOUNT_AND_NETWORK: Final = (10, 10 / (15 * MINUTE))  # tries at once, and how many come back a second
OF_NETWORK: Final = (50, 50 / (15 * MINUTE))
OF_ACCOUNT: Final = {"password": (100, 100 / (60 * MINUTE)), "code": (20, 20 / (60 * MINUTE))}
DEVICE_SALT: Final = "tenants.login_device"
DEVICE_SECONDS: Final = 90 * 24 * 60 * MINUTE


class TooManyTriesError(Exception):
    """Nothing was compared: try again in `wait` seconds."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(wait)


@dataclass(frozen=True)
class Try:
    """One guess, paid for; `succeeded()` pays it back."""

    buckets: tuple[Bucket, ...]

    def succeeded(self) -> None:
        """Give the try back: only wrong ones count."""
        take([(bucket, -1) for bucket in self.buckets], into_debt=True)


def pay_for_try(account: str, address: str, device: str, kind: str = "password") -> Try:
    """Take one guess at an account's `password` or `code`; TooManyTriesError when there is none left.

    `account` is the e-mail that was typed, whether or not somebody has it: what exists cannot be told from this.
    `device` is the browser's cookie ("" without one).
    """
    buckets = tuple(_buckets(account.lower(), address, device, kind))
    level = take([(bucket, 1) for bucket in buckets])
    if not level.allowed:
        raise TooManyTriesError(level.wait)
    return Try(buckets)


def _buckets(account: str, address: str, device: str, kind: str) -> list[Bucket]:
    network = network_of(address)
    is_known = _knows(account, network)  # asked in any case: an answer takes as long with a device as without
    if name := device_of(account, device):
        return [_bucket(f"{kind}:device", name, OF_ACCOUNT_AND_NETWORK)]
    buckets = [_bucket(f"{kind}:here", f"{account}|{network}", OF_ACCOUNT_AND_NETWORK)]
    if is_on_the_internet(address):  # else it is a proxy that nobody named, or this machine: everybody's
        buckets.append(_bucket("network", network, OF_NETWORK))
    if not is_known:
        buckets.append(_bucket(f"{kind}:account", account, OF_ACCOUNT[kind]))
    return buckets


def _bucket(kind: str, name: str, rate: tuple[int, float]) -> Bucket:
    return Bucket(f"login:{kind}:{_hash(name)}", *rate)


def _hash(text: str) -> str:
    return salted_hmac("tenants.login_guard", text, algorithm="sha256").hexdigest()


def _knows(account: str, network: str) -> bool:
    return KnownAddress.objects.filter(user__email=account, network_hash=_hash(network)).exists()


def remember(user: User, address: str) -> None:
    """Note the network that a person has logged in from."""
    KnownAddress.objects.update_or_create(
        user=user, network_hash=_hash(network_of(address)), defaults={"last_used_at": timezone.now()}
    )


def new_device(user: User) -> str:
    """Return what a browser shows at its next log-in, to be told from those who guess."""
    return signing.dumps({"account": _hash(user.email), "name": secrets.token_urlsafe(12)}, salt=DEVICE_SALT)


def device_of(account: str, device: str) -> str:
    """Return the name of the browser that has logged this account in before; "" for any other."""
    try:
        said = signing.loads(device, salt=DEVICE_SALT, max_age=DEVICE_SECONDS)
    except signing.BadSignature:
        return ""
    return said["name"] if constant_time_compare(said["account"], _hash(account)) else ""
