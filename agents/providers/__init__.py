"""Providers by the names that AIModel.provider knows."""

from agents.providers.base import ModelUse, ReplyProvider, ReplyRequest, providers
from agents.providers.builtin import BuiltinProvider

providers.add("builtin", BuiltinProvider())

__all__ = ["ModelUse", "ReplyProvider", "ReplyRequest", "providers"]
