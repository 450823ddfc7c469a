"""The records of backups, and work that is held after a restore."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0010_work_due_by_tenant"),
    ]

    operations = [
        migrations.CreateModel(
            name="Backup",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("database", "database"),
                            ("media", "files"),
                            ("config", "configuration"),
                            ("full", "everything"),
                        ],
                        max_length=10,
                        verbose_name="holds",
                    ),
                ),
                ("tenant_name", models.CharField(blank=True, default="", max_length=63, verbose_name="tenant")),
                ("base", models.UUIDField(blank=True, null=True, verbose_name="increment to")),
                ("path", models.CharField(max_length=1000, verbose_name="file")),
                ("size", models.BigIntegerField(default=0, verbose_name="bytes")),
                ("row_count", models.BigIntegerField(default=0, verbose_name="rows")),
                ("program", models.CharField(blank=True, default="", max_length=50, verbose_name="version")),
                (
                    "made_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="made"),
                ),
                ("seconds", models.FloatField(default=0, verbose_name="took seconds")),
                ("is_encrypted", models.BooleanField(default=True, verbose_name="encrypted")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="last read whole")),
                ("proved_at", models.DateTimeField(blank=True, null=True, verbose_name="last proved restorable")),
                ("last_error", models.CharField(blank=True, default="", max_length=500, verbose_name="error")),
                ("removed_at", models.DateTimeField(blank=True, null=True, verbose_name="removed")),
            ],
            options={
                "verbose_name": "backup",
                "verbose_name_plural": "backups",
                "ordering": ["-made_at"],
                "indexes": [models.Index(fields=["-made_at"], name="backup_made")],
            },
        ),
        migrations.AlterField(
            model_name="workitem",
            name="state",
            field=models.CharField(
                choices=[
                    ("ready", "ready"),
                    ("leased", "being worked on"),
                    ("done", "done"),
                    ("dead", "given up"),
                    ("held", "held after a restore"),
                ],
                default="ready",
                max_length=6,
                verbose_name="state",
            ),
        ),
    ]
