"""Browsing the administration in tests as one of the cast."""

from django.test import Client

from tenants.middleware import SESSION_KEY
from tenants.models import TenantModel, User


def browser_of(user: User, tenant: TenantModel | None = None) -> Client:
    """Return a browser in which a person of the staff is logged in, and has chosen a tenant if one is given."""
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    client = Client()
    client.force_login(user)
    if tenant is not None:
        session = client.session
        session[SESSION_KEY] = str(tenant.pk)
        session.save()
    return client
