"""Encryption at rest: what is sealed opens only in its tenant, at its place, with this installation's keys."""

from tenants.encryption.errors import SealError
from tenants.encryption.sealing import seal, unseal

__all__ = ["SealError", "seal", "unseal"]
