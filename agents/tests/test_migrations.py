"""From agents of before tenants to today, with rows in, and back to nothing."""

from typing import Any

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from tests.support.migrations import scratch_database

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = "0006_knowledge_search"


def migrate(app: str, name: str | None) -> Any:
    executor = MigrationExecutor(connections["default"])
    executor.migrate([(app, name)])
    return MigrationExecutor(connections["default"]).loader.project_state([(app, name)] if name else []).apps


def test_agents_of_before_tenants_go_to_the_oldest_tenant_with_slugs_of_their_own() -> None:
    with scratch_database():
        old = migrate("agents", "0001_initial")
        for name in ("Mi Agente", "Mi agente", "¡¿?!"):
            old.get_model("agents", "AgentModel").objects.create(name=name)
        tenants = old.get_model("tenants", "TenantModel").objects
        oldest = tenants.create(name="first")
        tenants.create(name="second")
        new = migrate("agents", TODAY)
        rows = new.get_model("agents", "AgentModel")._base_manager.order_by("slug").values_list("slug", "tenant_id")
        assert list(rows) == [("agent", oldest.id), ("mi-agente", oldest.id), ("mi-agente-2", oldest.id)]


def test_without_a_tenant_one_is_made_and_without_agents_none() -> None:
    with scratch_database():
        old = migrate("agents", "0001_initial")
        old.get_model("agents", "AgentModel").objects.create(name="Test Agent")
        migrate("agents", TODAY)
        assert list(old.get_model("tenants", "TenantModel").objects.values_list("name", flat=True)) == ["default"]
    with scratch_database():
        migrate("agents", TODAY)
        assert not old.get_model("tenants", "TenantModel").objects.exists()


def test_everything_can_be_taken_back() -> None:
    with scratch_database() as connection:
        migrate("agents", TODAY)
        migrate("agents", None)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relname LIKE 'agents%%' "
                "UNION SELECT proname FROM pg_proc WHERE proname ~ '^charla_(word|fold|chunk|search|count|forget)' "
                "UNION SELECT cfgname FROM pg_ts_config WHERE cfgname LIKE 'charla%%'"
            )
            assert cursor.fetchall() == []
