"""An agent with only a name: the documented history of chats (0001–0007) stands on it."""

import django.utils.timezone
from django.db import migrations, models

import tenants.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [("tenants", "0002_policies_and_lookups")]

    operations = [
        migrations.CreateModel(
            name="AgentModel",
            fields=[
                ("id", tenants.fields.UUIDv7Field(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=255, verbose_name="name")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
            ],
        ),
    ]
