"""The feed of events."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import notifications.models
import tenants.models
from tenants.rls import TenantPolicy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0002_policies_and_lookups"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("type", models.CharField(max_length=40, verbose_name="type")),
                ("object_type", models.CharField(max_length=20, verbose_name="object")),
                ("object_id", models.CharField(max_length=40)),
                ("data", models.JSONField(default=dict, verbose_name="data")),
                (
                    "xid",
                    notifications.models.TransactionId(
                        db_default=notifications.models.CurrentTransaction(), editable=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="time"
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
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "indexes": [models.Index(fields=["tenant", "xid", "id"], name="events_in_order")],
            },
        ),
        TenantPolicy("Event"),
    ]
