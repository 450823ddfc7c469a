"""The page of operations in the administration."""

from metrics.admin import operations

__all__ = ["operations"]
