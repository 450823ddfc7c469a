"""What `tenants` tells the apps above it (decision 18)."""

from django.dispatch import Signal

command_finished = Signal()  # command: str, outcome: str, seconds: float, changed: bool, error
work_failed = Signal()  # item: the lease of a work row that will be tried again or given up, error: the exception
work_died = Signal()  # item: the lease of a work row that was given up, error: str
identity_changed = Signal()  # action: str, user, tenant_id, object_type, object_id, ip_address
data_restored = Signal()  # backup_id, tenant_ids: None when the whole database was replaced
invited = Signal()  # invitation: its row, new or with a new link, in its tenant's transaction
