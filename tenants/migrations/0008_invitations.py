"""Invitations to a tenant, and the look-up of one by its link before any tenant is known."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import TenantPolicy

LOOKUP = """
CREATE FUNCTION charla_invitation(wanted text) RETURNS TABLE (id uuid, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT i.id, i.tenant_id
    FROM tenants_invitation i JOIN tenants_tenantmodel t ON t.id = i.tenant_id
    WHERE i.token_hash = wanted AND i.expires_at > now() AND t.is_active
$$;
"""
LOOKUP_BACK = "DROP FUNCTION charla_invitation(text);"


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_stored_answers_and_requests_of_work"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=255, verbose_name="e-mail")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "owner"),
                            ("admin", "administrator"),
                            ("agent", "agent"),
                            ("viewer", "viewer"),
                        ],
                        default="agent",
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                ("seed", models.CharField(editable=False, max_length=64)),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("expires_at", models.DateTimeField(editable=False, verbose_name="expires")),
                ("mailed_at", models.DateTimeField(editable=False, null=True, verbose_name="mailed")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="invited")),
                (
                    "invited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="invited by",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.models.tenant_in_scope,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenantmodel",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "ordering": ["email"],
                "constraints": [models.UniqueConstraint(fields=("tenant", "email"), name="one_invitation_per_address")],
            },
        ),
        TenantPolicy("Invitation"),
        migrations.RunSQL(LOOKUP, LOOKUP_BACK),
    ]
