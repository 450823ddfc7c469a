"""Keyed hashes of a sealed text's words: by them it is found, and whoever has the table alone learns no word.

What they tell: which messages of a tenant share words, and how often a word occurs (docs/security.md).
"""

import hmac
import struct
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from cachetools import TTLCache
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tenants.encryption.data_keys import OPENED_FRESH_SECONDS, search_key
from tenants.encryption.fields import SealedModel
from tenants.folding import fold, language_of
from tenants.models import DataKey

_known: TTLCache[UUID, bytes] = TTLCache(maxsize=10_000, ttl=OPENED_FRESH_SECONDS)


def keys_of_text(tenant_id: UUID, language: str, text: str) -> list[int]:
    """Return the keys of a text's words, each once, in no order of the text; in the tenant's scope and transaction."""
    return keys_of_words(tenant_id, language_of(language), set(fold(language_of(language), text)))


def keys_of_words(tenant_id: UUID, language: str, lexemes: Iterable[str]) -> list[int]:
    """Return the keys of folded words, sorted: 64 bits of HMAC-SHA256 over language and word."""
    key = _search_key(tenant_id)
    return sorted({_hashed(key, f"{language}|{lexeme}") for lexeme in lexemes})


def _hashed(key: bytes, word: str) -> int:
    value: int = struct.unpack(">q", hmac.digest(key, word.encode(), "sha256")[:8])[0]
    return value


def _search_key(tenant_id: UUID) -> bytes:
    known = _known.get(tenant_id)
    if known is None:
        known = search_key(tenant_id)
        # One that this very transaction made is not remembered: it may be rolled back.
        if DataKey.objects.filter(tenant_id=tenant_id, created_at__lt=Now()).exists():
            _known[tenant_id] = known
    return known


def forget_word_keys() -> None:
    """Know no key any more: between tests."""
    _known.clear()


class WordKeysField(ArrayField):  # type: ignore[type-arg]
    """The keys of its row's sealed text; empty (null) while the row is clear."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - as Django calls it
        """Return the keys of what is stored now; the row decides here whether it is sealed."""
        if not isinstance(model_instance, SealedModel):
            return super().pre_save(model_instance, add)
        if model_instance.get_deferred_fields().intersection(model_instance.SEALED):  # not loaded
            return super().pre_save(model_instance, add)
        model_instance.decide()
        keys = None
        if getattr(model_instance, model_instance.SEALED_FLAG):
            row: Any = model_instance
            keys = keys_of_text(row.tenant_id, row.language, row.content)
        setattr(model_instance, self.attname, keys)
        return keys
