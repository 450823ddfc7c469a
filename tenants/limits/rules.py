"""What things cost, and whose buckets pay (docs/api.md, "How much").

Every act costs its units from the tenant's bucket and from that of the key, or of the visitor. Addresses that have
shown no credential pay from one of their own.
"""

from enum import IntEnum
from ipaddress import ip_address
from typing import Any, Final
from uuid import UUID

from tenants.callers import Caller
from tenants.limits.buckets import Bucket, Level, take
from tenants.services.config import setting

HOUR: Final = 3_600
BYTES_PER_UNIT: Final = 100_000
TOKENS_PER_UNIT: Final = 1_000
# Of what an address may do in an hour, so much at once: a page with its widget asks for a handful of things.
ADDRESS_BURST: Final = 1 / 60


class Cost(IntEnum):
    """Units that an act costs."""

    REQUEST = 1
    MESSAGE = 2
    SOCKET = 2
    SEARCH = 5
    SESSION = 5
    MODEL = 10
    UPLOAD = 10
    EXPORT = 50


def buckets_of(caller: Caller) -> list[Bucket]:
    """Return the buckets that a caller's acts are paid from."""
    tenant_id = caller.tenant_id
    if tenant_id is None:
        return [_hourly(f"person:{caller.user.pk if caller.user else ''}", setting(None, "rate_limit_per_hour"))]
    found = [bucket_of_tenant(tenant_id)]
    if caller.is_visitor:
        rate = setting(tenant_id, "visitor_rate_limit_per_hour")
        found.append(_hourly(f"visitor:{tenant_id}:{caller.contact_id}", rate))
    elif caller.key_id is not None:
        found.append(_hourly(f"key:{caller.key_id}", setting(tenant_id, "key_rate_limit_per_hour")))
    return found


def bucket_of_tenant(tenant_id: UUID) -> Bucket:
    """Return the bucket that everybody in a tenant shares."""
    return _hourly(f"tenant:{tenant_id}", setting(tenant_id, "rate_limit_per_hour"))


def charge(caller: Caller, cost: float, *more: tuple[Bucket, float]) -> Level:
    """Take what an act costs from the caller's buckets, and from others beside them."""
    return take([*((bucket, cost) for bucket in buckets_of(caller)), *more])


def charge_tokens(tenant_id: UUID, tokens: int) -> Level:
    """Take what a model's reply cost, which is known when it is there: the tenant may be in debt afterwards."""
    return take([(bucket_of_tenant(tenant_id), tokens / TOKENS_PER_UNIT)], into_debt=True)


def charge_address(address: str, cost: float = Cost.REQUEST) -> Level:
    """Take from the bucket of an address without a credential.

    One that is not on the internet always has enough: it is a proxy that forwards for everybody, the own network, or
    this machine.
    """
    per_hour = int(setting(None, "address_rate_limit_per_hour"))
    bucket = Bucket(f"address:{address}", max(Cost.EXPORT, per_hour * ADDRESS_BURST), per_hour / HOUR)
    if not is_on_the_internet(address):
        return Level(allowed=True, limit=int(bucket.size), remaining=int(bucket.size), reset=0)
    return take([(bucket, cost)])


def is_on_the_internet(address: str) -> bool:
    """Tell whether an address, or a network, is a public one."""
    try:
        return ip_address(address.partition("/")[0]).is_global
    except ValueError:
        return False


def _hourly(name: str, per_hour: Any) -> Bucket:
    return Bucket(name, int(per_hour), int(per_hour) / HOUR)
