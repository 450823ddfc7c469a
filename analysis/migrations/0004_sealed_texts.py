"""Summaries and comments that are stored sealed where the tenant's policy says so."""

from django.db import migrations, models

import tenants.encryption.fields


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0003_examples_of_none"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversationanalytics",
            name="comment_is_encrypted",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="conversationsummary",
            name="is_encrypted",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="conversationanalytics",
            name="comment",
            field=tenants.encryption.fields.SealedTextField(blank=True, verbose_name="comment"),
        ),
        migrations.AlterField(
            model_name="conversationsummary",
            name="key_points",
            field=tenants.encryption.fields.SealedJSONField(default=list, verbose_name="key points"),
        ),
        migrations.AlterField(
            model_name="conversationsummary",
            name="summary",
            field=tenants.encryption.fields.SealedTextField(blank=True, verbose_name="summary"),
        ),
    ]
