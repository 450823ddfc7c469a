"""Makes a row of any model from what the model says of itself, so that a new table is probed without a line here."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, transaction

from tenants.models import TenantOwned

NUMBERS = count(1_000)
LATER = datetime.now(tz=UTC) + timedelta(days=1)
# Values that a database's own checks ask for; everything else follows from the field's type.
NAMED: dict[str, Any] = {"language": "en", "status": None, "confidence": 0.5, "score": 0.5, "is_default": False}
# Tables into which the database lets nobody write but functions of its own: no row of them can be made here.
UNMADE = {"auditarchive"}


def tenant_models() -> list[type[models.Model]]:
    """Return every model whose table holds tenants' rows, the views aside."""
    return [
        model
        for model in apps.get_models()
        if model._meta.managed
        and model._meta.model_name not in UNMADE
        and any(field.column == "tenant_id" for field in model._meta.local_fields)
        and (issubclass(model, TenantOwned) or model._meta.app_label == "audit")
    ]


def personal_models() -> list[type[models.Model]]:
    """Return every model whose rows are of one person in whatever tenant, such as log-ins."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label == "tenants"
        and model not in tenant_models()
        and model._meta.model_name != "tenantmodel"
        if any(field.column == "user_id" and not field.unique for field in model._meta.local_fields)
    ]


def relations() -> list[tuple[type[models.Model], Any, type[models.Model]]]:
    """Return every relation between two tables of tenants' rows: the model, its field, and the model pointed to."""
    return [
        (model, field, field.related_model)
        for model in tenant_models()
        for field in model._meta.local_concrete_fields
        if field.is_relation and isinstance(field.related_model, type) and issubclass(field.related_model, TenantOwned)
    ]


class RowMaker:
    """Makes rows of one tenant, in whose scope it is used; every text in them begins with `mark`."""

    def __init__(self, mark: str, tenant_id: UUID, user: Any) -> None:
        self.mark, self.tenant_id, self.user = mark, tenant_id, user
        self.rows: dict[type[models.Model], models.Model] = {}

    def row_of(self, model: type[models.Model]) -> models.Model:
        """Return a row of the model: one that is there, else a new one with all that it points to."""
        if model not in self.rows:
            found = model._default_manager.filter(tenant_id=self.tenant_id).first()
            self.rows[model] = found or self.make(model)
        return self.rows[model]

    def make(self, model: type[models.Model], **given: Any) -> models.Model:
        """Store one new row; no signal is sent, so nothing else comes of it."""
        values = dict(self._values(model)) | given
        try:
            with transaction.atomic():
                [stored] = model._default_manager.bulk_create([model(**values)])
        except IntegrityError as error:
            raise AssertionError(f"No row of {model.__name__} can be made: teach tests/probes/rows.py") from error
        return stored

    def _values(self, model: type[models.Model]) -> Iterator[tuple[str, Any]]:
        for field in model._meta.local_concrete_fields:
            if field.primary_key:
                if isinstance(field, models.UUIDField):
                    yield field.name, uuid4()
            elif field.is_relation:
                related = self._related(model, field)
                if related is not None:
                    yield field.attname, related
            elif not isinstance(field, models.GeneratedField):
                value = self.value_of(field)
                if value is not None:
                    yield field.name, value

    def _related(self, model: type[models.Model], field: Any) -> Any:
        target = field.related_model
        if field.name == "tenant":
            return self.tenant_id
        if target._meta.model_name == "user":
            return self.user.pk
        if target is model or not issubclass(target, TenantOwned):
            return None if field.null else target._default_manager.first().pk
        return self.row_of(target).pk

    def value_of(self, field: Any) -> Any:
        """Return a value for a column; None leaves it to its default."""
        if field.name in NAMED and (field.has_default() or NAMED[field.name] is not None):
            return None if field.has_default() else NAMED[field.name]
        if field.choices:
            return None if field.has_default() else field.choices[0][0]
        if isinstance(field, models.EmailField):
            return f"{self.mark}-{uuid4().hex[:8]}@example.org"
        if isinstance(field, models.CharField | models.TextField):
            return self._text(field)
        if isinstance(field, models.FileField):
            return default_storage.save(f"{self.mark}.txt", ContentFile(self.mark.encode()))
        if field.null or field.has_default() or field.has_db_default() or getattr(field, "auto_now", False):
            return None
        return self._plain(field)

    def _text(self, field: Any) -> str | None:
        if "secret" in field.name or "sealed" in field.name or (field.max_length or 99) < 20:
            return None if field.has_default() else self.mark[: field.max_length]
        if "url" in field.name:
            return f"https://example.org/{self.mark}"
        return f"{self.mark}-{field.name}-{uuid4().hex[:8]}"[: field.max_length]

    def _plain(self, field: Any) -> Any:
        kinds: list[tuple[Any, Any]] = [
            (models.DateTimeField, LATER), (models.DateField, LATER.date()), (models.UUIDField, uuid4()),
            (models.BooleanField, False), (models.JSONField, {"text": self.mark}), (models.BinaryField, b"0"),
            (models.GenericIPAddressField, "192.0.2.7"), (models.FloatField, 0.5), (models.DecimalField, 0.5),
            (models.IntegerField, next(NUMBERS)),
        ]  # fmt: skip
        return next((value for kind, value in kinds if isinstance(field, kind)), None)
