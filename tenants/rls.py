"""Migration operations for row-level security and composite keys (decisions 1–4).

They know tables by the migration's own state, so they stay right however the models change later.
"""

from abc import ABC, abstractmethod
from typing import Any

from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

TENANT_SETTING = "NULLIF(current_setting('app.tenant_id', true), '')::uuid"


class _TableOperation(Operation, ABC):
    """Runs SQL about one model's table, forwards and backwards."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Describe the operation to Django's migration writer."""
        return self.__class__.__name__, [self.model_name], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The model's state does not change."""

    @abstractmethod
    def statements(self, app_label: str, state: ProjectState) -> tuple[list[str], list[str]]:
        """Return the SQL forwards and backwards."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Apply it."""
        for statement in self.statements(app_label, to_state)[0]:
            schema_editor.execute(statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Undo it; the table still exists on both sides of the operation."""
        for statement in self.statements(app_label, from_state)[1]:
            schema_editor.execute(statement)

    def table(self, app_label: str, state: ProjectState, model_name: str = "") -> Any:
        """Return the model's options as of this migration."""
        return state.apps.get_model(app_label, model_name or self.model_name)._meta


class TenantPolicy(_TableOperation):
    """ENABLE and FORCE row-level security, the policy `tenant_isolation`, and the key (tenant_id, pk)."""

    def describe(self) -> str:
        """Say what it does, for migrate's output."""
        return f"Bind {self.model_name} to its tenant by row-level security"

    def statements(self, app_label: str, state: ProjectState) -> tuple[list[str], list[str]]:
        """Return the SQL forwards and backwards."""
        meta = self.table(app_label, state)
        table, key = meta.db_table, meta.pk.column
        forwards = [
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_tenant_key" UNIQUE (tenant_id, "{key}")',
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY tenant_isolation ON "{table}" '
            f"USING (tenant_id = {TENANT_SETTING}) WITH CHECK (tenant_id = {TENANT_SETTING})",
        ]
        backwards = [
            f'DROP POLICY tenant_isolation ON "{table}"',
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_tenant_key"',
        ]
        return forwards, backwards


class CompositeForeignKey(_TableOperation):
    """A foreign key on (tenant_id, x_id) of a TenantForeignKey: a row cannot point to a neighbour's row."""

    def __init__(self, model_name: str, field: str, target: str) -> None:
        super().__init__(model_name)
        self.field, self.target = field, target

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Describe the operation to Django's migration writer."""
        return self.__class__.__name__, [self.model_name, self.field, self.target], {}

    def describe(self) -> str:
        """Say what it does, for migrate's output."""
        return f"Keep {self.model_name}.{self.field} inside its tenant"

    def statements(self, app_label: str, state: ProjectState) -> tuple[list[str], list[str]]:
        """Return the SQL forwards and backwards. Deferred, as Django's own keys are."""
        meta = self.table(app_label, state)
        field = meta.get_field(self.field)
        target_label, target_name = self._target(app_label)
        target = self.table(target_label, state, target_name)
        name = f"{meta.db_table}_{field.column}_tenant_fk"[:63]
        on_delete = f' ON DELETE SET NULL ("{field.column}")' if field.null else ""
        forwards = (
            f'ALTER TABLE "{meta.db_table}" ADD CONSTRAINT "{name}" FOREIGN KEY (tenant_id, "{field.column}") '
            f'REFERENCES "{target.db_table}" (tenant_id, "{target.pk.column}"){on_delete} '
            "DEFERRABLE INITIALLY DEFERRED"
        )
        return [forwards], [f'ALTER TABLE "{meta.db_table}" DROP CONSTRAINT "{name}"']

    def _target(self, app_label: str) -> tuple[str, str]:
        label, _, name = self.target.rpartition(".")
        return label or app_label, name
