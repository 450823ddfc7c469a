"""What the other apps call: the audit log and the error log."""

from audit.services.events import AuditService
from audit.services.faults import record_fault

__all__ = ["AuditService", "record_fault"]
