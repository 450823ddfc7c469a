"""The database's own catalogue: every tenant table bound, every key composite, every function careful.

Source: decisions 1–4; architecture.md, "Tenancy".
"""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tenants.models import TenantOwned

# Decision 3: outside policies, each with its reason there.
OUTSIDE_POLICIES = {
    "tenants_tenantmodel", "tenants_user", "tenants_user_groups", "tenants_user_user_permissions", "tenants_workitem",
    "tenants_systemconfig", "tenants_schedule", "knox_authtoken", "agents_aimodel", "agents_modelversion",
    "agents_modelperformance",
    "django_migrations", "django_content_type", "django_session", "django_admin_log", "auth_group", "auth_permission",
    "auth_group_permissions", "analysis_sharedtrainedmodel", "tenants_loginsession", "tenants_knownaddress",
    "tenants_secondfactor", "tenants_recoverycode", "metrics_commandrun", "tenants_backup", "tenants_deletion",
}  # fmt: skip
# Decision 3: they come before a tenant is known and take a secret's hash, a public key or a user's id.
BEFORE_A_TENANT = {
    "charla_api_key", "charla_memberships", "charla_visitor", "charla_visitors", "charla_publishable_key",
    "charla_invitation",
}  # fmt: skip

pytestmark = pytest.mark.django_db


def rows(query: str) -> list[tuple[Any, ...]]:
    """Ask the catalogue."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def test_every_table_is_bound_or_in_the_reviewed_list() -> None:
    bound = {
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND relrowsecurity AND relforcerowsecurity"
        )
    }
    tables = {name for (name,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert tables - bound == OUTSIDE_POLICIES


def test_every_policy_checks_reading_and_writing_by_the_setting() -> None:
    policies = rows(
        "SELECT tablename, cmd, qual, with_check FROM pg_policies WHERE policyname <> 'before_a_tenant_is_known'"
    )
    tables = {name for (name,) in rows("SELECT relname FROM pg_class WHERE relforcerowsecurity")}
    assert {table for table, *_ in policies} == tables
    for table, _command, using, check in policies:
        for expression in filter(None, (using, check)):
            assert "NULLIF(current_setting('app.tenant_id'::text, true), ''::text)" in expression, table


def test_every_tenant_model_has_its_policy() -> None:
    bound = {name for (name,) in rows("SELECT tablename FROM pg_policies")}
    models = [model for model in apps.get_models() if issubclass(model, TenantOwned) and model._meta.managed]
    assert models
    assert {model._meta.db_table for model in models} <= bound


def test_foreign_keys_between_tenant_tables_begin_with_the_tenant() -> None:
    loose = rows(
        "SELECT c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
        " JOIN pg_class f ON f.oid = c.confrelid"
        " WHERE c.contype = 'f' AND t.relforcerowsecurity AND f.relforcerowsecurity AND NOT EXISTS ("
        " SELECT FROM pg_attribute a"
        " WHERE a.attrelid = c.conrelid AND a.attnum = c.conkey[1] AND a.attname = 'tenant_id')"
    )
    assert loose == []


def test_every_relation_between_tenant_models_has_its_composite_key() -> None:
    kept = {(table, column) for table, column in rows(
        "SELECT t.relname, a.attname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
        " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2] WHERE c.contype = 'f'"
    )}  # fmt: skip
    relations = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        if issubclass(model, TenantOwned) and model._meta.managed
        for field in model._meta.local_fields
        if isinstance(field.related_model, type) and issubclass(field.related_model, TenantOwned)
    }
    assert relations <= kept


def test_the_application_role_is_bound_by_policies() -> None:
    assert rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [(False, False)]
    assert rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user") == []


def test_views_run_as_who_asks() -> None:
    loose = rows(
        "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
        " AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)"
    )
    assert loose == []


def test_definer_functions_fix_their_search_path_and_name_the_tenant() -> None:
    definers = rows(
        "SELECT proname, coalesce(array_to_string(proconfig, ','), ''), prosrc, prorettype::regtype::text FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert {name for name, *_ in definers} >= BEFORE_A_TENANT
    for name, configuration, source, returns in definers:
        assert "search_path=" in configuration, name
        if name not in BEFORE_A_TENANT and returns != "trigger":  # a trigger sees the rows of its own statement
            assert "app.tenant_id" in source, name
