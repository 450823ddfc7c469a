"""Answers kept for an Idempotency-Key, and the request that wanted a work row."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import tenants.models
from tenants.rls import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0006_work_by_its_time"),
    ]

    operations = [
        migrations.AddField(
            model_name="workitem",
            name="request_id",
            field=models.CharField(db_default="", default="", max_length=64),
        ),
        migrations.CreateModel(
            name="IdempotencyRecord",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("caller", models.CharField(max_length=100)),
                ("key_hash", models.CharField(max_length=64)),
                ("request_hash", models.CharField(max_length=64)),
                ("status", models.SmallIntegerField()),
                ("answer", models.TextField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                "verbose_name": "stored answer",
                "verbose_name_plural": "stored answers",
                "indexes": [models.Index(fields=["tenant", "created_at"], name="stored_answer_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "caller", "key_hash"), name="one_answer_per_idempotency_key"
                    )
                ],
            },
        ),
        TenantPolicy("IdempotencyRecord"),
    ]
