"""Who was anonymised, and what a backup that is restored later must not bring back."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0014_files_of_messages"),
        ("tenants", "0006_work_by_its_time"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="anonymized_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="anonymised"),
        ),
        migrations.CreateModel(
            name="ErasureLedger",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person", models.UUIDField(editable=False, verbose_name="contact")),
                ("identity", models.CharField(editable=False, max_length=64)),
                ("requested_by", models.UUIDField(editable=False, null=True, verbose_name="asked for by")),
                (
                    "requested_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="asked for"
                    ),
                ),
                ("finished_at", models.DateTimeField(editable=False, null=True, verbose_name="done")),
                ("receipt", models.JSONField(default=dict, editable=False, verbose_name="receipt")),
                ("signature", models.CharField(blank=True, default="", editable=False, max_length=64)),
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
                "verbose_name": "erasure",
                "verbose_name_plural": "erasures",
                "ordering": ["-requested_at"],
                "indexes": [models.Index(fields=["tenant", "identity"], name="erasures_by_identity")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "person"), name="one_erasure_per_person")],
            },
        ),
        TenantPolicy("ErasureLedger"),
    ]
