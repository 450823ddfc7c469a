"""How far the last export of each tenant went."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0012_deletions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExportMark",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("groups", models.CharField(max_length=100)),
                ("transaction", models.BigIntegerField()),
                ("cluster", models.BigIntegerField()),
                ("made_at", models.DateTimeField(auto_now=True)),
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
                "verbose_name": "mark of an export",
                "verbose_name_plural": "marks of exports",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "groups"), name="one_mark_per_kind_of_export")
                ],
            },
        ),
        TenantPolicy("ExportMark"),
    ]
