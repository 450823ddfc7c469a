"""Registries of what apps do over a tenant's life; each app fills them from its own `lifecycle.py`.

Source: architecture.md, "Apps": system-wide commands live in the lowest app that owns their meaning and work through
registries that the others fill.
"""

from collections.abc import Callable

from tenants.models import TenantModel
from tenants.registry import Registry

TenantStep = Callable[[TenantModel], None]

# Both run inside the tenant's unit of work, in the order of registration (apps load from the lowest layer up).
init_steps: Registry[TenantStep] = Registry("step of init_system")
demo_steps: Registry[TenantStep] = Registry("step of setup_demo_data")
