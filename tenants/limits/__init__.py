"""How much a tenant, a key and a visitor may ask for, across all processes; counted in Valkey by what it costs."""

from tenants.limits.buckets import Bucket, Level, take
from tenants.limits.rules import Cost, buckets_of, charge

__all__ = ["Bucket", "Cost", "Level", "buckets_of", "charge", "take"]
