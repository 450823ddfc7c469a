"""An import that is stopped in the middle: whole batches stay, and running it again ends where it would have ended."""

from pathlib import Path
from typing import Any

import pytest

from analysis.tests.test_export import export
from analysis.tests.test_round_trip import bring, empty, exported, full_tenant
from chats.tests.test_media import own_folder  # noqa: F401
from tenants.models import Membership, Role, TenantModel, User
from tenants.portable.storing import store
from tenants.scope import in_tenant

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


class KilledError(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def test_stopped_after_any_batch_it_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    acme = full_tenant()
    path, before = export(tmp_path, type="all"), exported(tmp_path / "before", "acme")
    empty(acme)
    other = TenantModel.objects.create(name="other")
    with in_tenant(other):
        Membership.objects.create(user=User.objects.get(email="agent@acme.example"), role=Role.AGENT)
    settings.MANAGEMENT_COMMANDS = {"import": {"batch_size": 2, "validation_level": "strict"}}
    stops = 0
    while stops < 100:
        left = iter(range(stops % 4))

        def one_more(*given: Any, left: Any = left, **named: Any) -> Any:
            done = store(*given, **named)
            if done.created and next(left, None) is None:
                raise KilledError  # inside the transaction of this batch
            return done

        monkeypatch.setattr("tenants.services.importing.store", one_more)
        try:
            bring(path, "other")
            break
        except KilledError:
            stops += 1
    assert stops > 3
    assert exported(tmp_path / "after", "other") == before
