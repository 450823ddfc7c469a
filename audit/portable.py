"""The audit log as records. They leave and never come back: the chain holds what happened here alone."""

from audit.models import AuditLog
from tenants.lifecycle import portable_kinds
from tenants.portable.kinds import Group, Kind

portable_kinds.add(
    "audit.entry",
    Kind(
        name="audit_entry",
        group=Group.AUDIT,
        model=AuditLog,
        columns=(
            "position", "created_at", "actor_id", "action", "object_type", "object_id", "details", "ip_address",
            "request_id", "previous_hash", "hash",
        ),
        identity=("position",),
        period="created_at",
        importable=False,
    ),
)  # fmt: skip
