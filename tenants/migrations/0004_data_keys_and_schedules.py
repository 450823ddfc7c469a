"""Keys that seal tenants' values, and when recurring work runs."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.models
from tenants.rls import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_dead_work_and_known_time_zones"),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False, verbose_name="name")),
                ("is_enabled", models.BooleanField(default=True, verbose_name="on")),
                ("next_run", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="next run")),
                ("last_run", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last run")),
                (
                    "last_outcome",
                    models.CharField(
                        blank=True, default="", editable=False, max_length=500, verbose_name="last outcome"
                    ),
                ),
            ],
            options={
                "verbose_name": "schedule",
                "verbose_name_plural": "schedules",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="DataKey",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("wrapped", models.TextField(editable=False)),
                ("master_key", models.CharField(editable=False, max_length=64)),
                ("is_current", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                "verbose_name": "data key",
                "verbose_name_plural": "data keys",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)), fields=("tenant",), name="one_current_data_key"
                    )
                ],
            },
        ),
        TenantPolicy("DataKey"),
    ]
