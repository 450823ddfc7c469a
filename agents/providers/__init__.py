"""Providers by the names that AIModel.provider knows."""

from agents.providers.base import ModelUse, ReplyProvider, ReplyRequest, providers
from agents.providers.builtin import BuiltinProvider
from agents.providers.language_model import LanguageModelProvider

providers.add("builtin", BuiltinProvider())
for kind in ("openai", "anthropic", "openai_compatible"):
    providers.add(kind, LanguageModelProvider(kind))

__all__ = ["ModelUse", "ReplyProvider", "ReplyRequest", "providers"]
