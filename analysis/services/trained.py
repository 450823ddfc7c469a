"""What was trained and is in use: stored, switched on, and kept loaded in each process.

A tenant's own model of a language comes before the installation's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, TypeVar
from uuid import UUID

from cachetools import LRUCache, TTLCache
from django.db import connection, transaction

from analysis.models import SharedTrainedModel, TrainedKind, TrainedModel
from tenants.scope import current_tenant_id, scope

T = TypeVar("T")
FRESH_SECONDS: Final = 5
MOST_LOADED_BYTES: Final = 64 * 2**20
KEPT: Final = 5
IN_USE: Final = """
SELECT kind, language, id, version, true AS is_shared FROM analysis_sharedtrainedmodel WHERE is_active
UNION ALL SELECT kind, language, id, version, false FROM analysis_trainedmodel WHERE tenant_id = %s AND is_active
ORDER BY is_shared DESC
"""
_lock = Lock()
_known: TTLCache[UUID, dict[str, dict[str, "InUse"]]] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)
_loaded: LRUCache[tuple[UUID, ...], tuple[Any, int]] = LRUCache(MOST_LOADED_BYTES, getsizeof=lambda entry: entry[1])


@dataclass(frozen=True)
class InUse:
    """A model that is in use, without its weights."""

    model_id: UUID
    version: str
    is_shared: bool


def all_in_use(kind: TrainedKind) -> dict[str, InUse]:
    """Return the models that hold for the current tenant by their language; up to five seconds old."""
    tenant_id = current_tenant_id()
    with _lock:
        known = _known.get(tenant_id)
    if known is None:
        known = _read(tenant_id)
        with _lock:
            _known[tenant_id] = known
    return known.get(kind.value, {})


def _read(tenant_id: UUID) -> dict[str, dict[str, InUse]]:
    found: dict[str, dict[str, InUse]] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(IN_USE, [tenant_id])
        for kind, language, model_id, version, is_shared in cursor.fetchall():
            found.setdefault(kind, {})[language] = InUse(model_id, version, is_shared)
    return found


def loaded(models: Mapping[str, InUse], load: Callable[[Mapping[str, bytes]], T]) -> T | None:
    """Return what is made from the weights of these models, kept in this process; None when one is gone meanwhile."""
    key = tuple(sorted(model.model_id for model in models.values()))
    with _lock:
        entry = _loaded.get(key)
    if entry is not None:
        kept: T = entry[0]
        return kept
    weights = {language: _weights(model) for language, model in models.items()}
    present = {language: data for language, data in weights.items() if data is not None}
    if len(present) < len(models):
        return None
    made, size = load(present), sum(map(len, present.values()))
    if size <= MOST_LOADED_BYTES:
        with _lock:
            _loaded[key] = (made, size)
    return made


def _weights(model: InUse) -> bytes | None:
    rows: Any = SharedTrainedModel.objects if model.is_shared else TrainedModel.objects
    with transaction.atomic():
        weights = rows.filter(pk=model.model_id).values_list("weights", flat=True).first()
    return None if weights is None else bytes(weights)


def store(
    *,
    kind: TrainedKind,
    weights: bytes,
    version: str,
    language: str = "",
    figures: dict[str, Any] | None = None,
    activate: bool = True,
    shared: bool = False,
) -> TrainedModel | SharedTrainedModel:
    """Store what was trained, for the current tenant or (`shared`) for the installation, and put it in use.

    The last five of a kind and language are kept, and the one in use.
    """
    rows: Any = SharedTrainedModel.objects if shared else TrainedModel.objects
    with transaction.atomic():
        made: TrainedModel | SharedTrainedModel = rows.create(
            kind=kind, language=language, version=version, weights=weights, figures=figures or {}
        )
        if activate:
            put_in_use(made)
        alike = rows.filter(kind=kind, language=language).order_by("-created_at", "-pk")
        rows.filter(pk__in=list(alike.values_list("pk", flat=True)[KEPT:]), is_active=False).delete()
    return made


def put_in_use(model: TrainedModel | SharedTrainedModel) -> None:
    """Make this model the one of its kind and language; every process follows within five seconds."""
    rows: Any = type(model).objects
    with transaction.atomic():
        rows.filter(kind=model.kind, language=model.language, is_active=True).exclude(pk=model.pk).update(
            is_active=False
        )
        rows.filter(pk=model.pk).update(is_active=True)
    model.is_active = True
    forget_models()


def take_out_of_use(kind: TrainedKind, language: str = "") -> None:
    """Use none of the tenant's own models of a kind any more."""
    with transaction.atomic():
        TrainedModel.objects.filter(kind=kind, language=language, is_active=True).update(is_active=False)
    forget_models()


def forget_models() -> None:
    """Read anew at the next question: after a change in this process, and between tests."""
    current = scope()
    with _lock:
        if isinstance(current, UUID):
            _known.pop(current, None)
        else:
            _known.clear()
