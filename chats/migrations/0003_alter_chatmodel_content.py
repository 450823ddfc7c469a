"""A length validator for content."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chats", "0002_alter_chatmodel_content")]

    operations = [
        migrations.AlterField(
            "chatmodel",
            "content",
            models.TextField(validators=[django.core.validators.MaxLengthValidator(10000)]),
        ),
    ]
