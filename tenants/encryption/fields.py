"""Model fields that are sealed in the database and clear in Python.

A model names its sealed fields, the flag that tells whether a row's are sealed, and the columns that are its place.
Instances open themselves as they are loaded. What cannot be opened stays unloaded: reading the field raises SealError
then, and the row can still be listed, counted and deleted. `values()`, SQL and `update()` see what is stored.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models

from tenants.encryption.errors import SealError
from tenants.encryption.policy import wants_sealing
from tenants.encryption.sealing import PREFIX, key_of, seal_in, unseal_in


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """A text that is stored sealed where its row's flag says so."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - as Django calls it
        """Return what is stored; decides on the row's flag, which comes later among the columns."""
        value = super().pre_save(model_instance, add)
        return model_instance.to_store(self, value) if isinstance(model_instance, SealedModel) else value

    def clear_text(self, value: Any) -> str:
        """Return a value as the text that is sealed."""
        return str(value)

    def from_clear_text(self, text: str) -> Any:
        """Return the value of a text that was opened."""
        return text


class SealedJSONField(models.JSONField):
    """A JSON value whose text is stored sealed, as a JSON string, where its row's flag says so."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - as Django calls it
        """Return what is stored."""
        value = super().pre_save(model_instance, add)
        return model_instance.to_store(self, value) if isinstance(model_instance, SealedModel) else value

    def clear_text(self, value: Any) -> str:
        """Return a value as the text that is sealed."""
        return json.dumps(value, ensure_ascii=False)

    def from_clear_text(self, text: str) -> Any:
        """Return the value of a text that was opened."""
        return json.loads(text)


SealedField = SealedTextField | SealedJSONField


class SealedModel(models.Model):
    """Base of models with sealed fields."""

    SEALED: ClassVar[Sequence[str]] = ()
    SEALED_FLAG: ClassVar[str] = "is_encrypted"
    SEALED_PLACE: ClassVar[Sequence[str]] = ("pk",)
    SEALED_KEY: ClassVar[str] = ""  # the column that tells the key, where there is one

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row; a sealed field takes its flag, its key and its fellows along."""
        names = kwargs.get("update_fields")
        if names is not None and set(names) & set(self.SEALED):
            marks = {self.SEALED_FLAG, self.SEALED_KEY} - {""}
            kwargs["update_fields"] = {*names, *self.SEALED, *marks}
        super().save(*args, **kwargs)

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:
        """Return the row opened; a field that does not open stays unloaded."""
        row = super().from_db(db, field_names, values)
        for name in cls.SEALED:
            stored = row.__dict__.get(name)
            if isinstance(stored, str) and stored.startswith(PREFIX):
                try:
                    row.__dict__[name] = row.opened(name, stored)
                except SealError:
                    del row.__dict__[name]
        return row

    def refresh_from_db(self, using: str | None = None, fields: Any = None, from_queryset: Any = None) -> None:
        """Load anew; SealError for a sealed field that was asked for by name and does not open."""
        sealed = [name for name in fields or () if name in self.SEALED]
        others = None if fields is None else [name for name in fields if name not in sealed]
        for name in sealed:
            rows = type(self)._base_manager.db_manager(using or self._state.db).filter(pk=self.pk)
            stored = rows.values_list(name, flat=True).get()
            is_sealed = isinstance(stored, str) and stored.startswith(PREFIX)
            self.__dict__[name] = self.opened(name, stored) if is_sealed else stored
        if others is None or others:
            super().refresh_from_db(using=using, fields=others, from_queryset=from_queryset)

    def opened(self, name: str, stored: str) -> Any:
        """Return the value of a field that looks sealed; SealError when its key is missing or it was changed."""
        known = {*self.SEALED_PLACE, self.SEALED_FLAG, "tenant_id"} - {"pk"}
        if self.get_deferred_fields() & known:
            super().refresh_from_db(fields=sorted(known))
        if not getattr(self, self.SEALED_FLAG):  # somebody wrote what looks like it
            return stored
        return self.sealed_field(name).from_clear_text(unseal_in(self.tenant_id, stored, context=self.place_of(name)))  # type: ignore[attr-defined]

    def place_of(self, name: str) -> str:
        """Return the place that a sealed field is bound to; ValueError while the row has none."""
        parts = [getattr(self, each) for each in self.SEALED_PLACE]
        if not all(isinstance(part, int | str | UUID) for part in parts):
            raise ValueError(f"{self._meta.label} must know {self.SEALED_PLACE} before it is stored.")
        return "|".join([self._meta.db_table, name, *map(str, parts)])

    def to_store(self, field: SealedField, value: Any) -> Any:
        """Return what is stored for a field's value, sealed if the row is or the tenant's policy wants it."""
        if not value:
            return value
        self.decide()
        if not getattr(self, self.SEALED_FLAG):
            return value
        sealed = seal_in(self.tenant_id, field.clear_text(value), context=self.place_of(field.attname))  # type: ignore[attr-defined]
        if self.SEALED_KEY:
            setattr(self, self.SEALED_KEY, key_of(sealed))
        return sealed

    @classmethod
    def sealed_field(cls, name: str) -> SealedField:
        """Return a sealed field by its name."""
        field = cls._meta.get_field(name)
        if not isinstance(field, SealedTextField | SealedJSONField):
            raise TypeError(f"{name} is no sealed field.")
        return field

    def decide(self) -> None:
        """Set the row's flag where the tenant's policy wants its texts sealed. What is sealed stays so."""
        if not getattr(self, self.SEALED_FLAG):
            texts = (getattr(self, name) for name in self.SEALED if name in self.__dict__)
            setattr(self, self.SEALED_FLAG, any(wants_sealing(self.tenant_id, text) for text in _texts(texts)))  # type: ignore[attr-defined]


def _texts(values: Any) -> list[str]:
    """Return the texts in values that are texts or lists of them."""
    return [each for value in values for each in (value if isinstance(value, list) else [value]) if each]
