"""The logs over the API: for administrators, their own tenant's alone, and never to be written."""

import pytest

from audit.models import AuditLog
from audit.services import AuditService, record_fault
from audit.services.faults import fault_of
from tenants.models import TenantModel, User
from tenants.scope import in_tenant
from tests.support.cast import Visitor, client_of, client_with_key

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = ("/api/v1/audit-logs/", "/api/v1/error-logs/")


def write(tenant: TenantModel) -> None:
    AuditService.log_event("tried", None, tenant, "thing", "7", {"email": "ana@example.com"}, "203.0.113.9")
    with in_tenant(tenant):
        fault = fault_of(ValueError("the till is empty"))
    record_fault(fault)


def test_an_administrator_reads_what_happened(admin: User, tenant: TenantModel) -> None:
    write(tenant)
    client = client_of(admin)
    (entry,) = client.get(PATHS[0], {"action": "tried", "object_id": "7"}).json()["results"]
    assert (entry["object_type"], len(entry["hash"]), len(entry["details"]["email"])) == ("thing", 64, 32)
    assert "203.0.113.9" not in str(entry)
    assert client.get(f"{PATHS[0]}{entry['id']}/").json() == entry
    (error,) = client.get(PATHS[1]).json()["results"]
    assert (error["error_message"], error["count"]) == ("the till is empty", 1)


@pytest.mark.parametrize("path", PATHS)
def test_nobody_below_an_administrator_reads_them(
    colleague: User, visitor: Visitor, tenant: TenantModel, path: str
) -> None:
    write(tenant)
    assert client_of(colleague).get(path).status_code == 403
    assert visitor.client.get(path).status_code == 403
    assert client_with_key(tenant, "chats:read").get(path).status_code == 403
    assert client_with_key(tenant, f"{path.split('/')[3]}:read").get(path).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_neighbours_rows_are_not_there(admin: User, neighbour: TenantModel, path: str) -> None:
    write(neighbour)
    client = client_of(admin)
    assert all(row.get("object_type") != "thing" for row in client.get(path).json()["results"])
    assert not [row for row in client.get(path).json()["results"] if row.get("error_message")]
    with in_tenant(neighbour):
        entry = AuditLog.objects.latest("id")
    assert client.get(f"{path}{entry.pk}/").status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_nobody_writes_them(owner: User, tenant: TenantModel, path: str) -> None:
    write(tenant)
    client = client_of(owner)
    assert client.post(path, {"action": "x"}, format="json").status_code in (403, 405)
    with in_tenant(tenant):
        row = AuditLog.objects.latest("id")
    for method in ("put", "patch", "delete"):
        assert getattr(client, method)(f"{path}{row.pk}/", {}, format="json").status_code in (403, 404, 405)
