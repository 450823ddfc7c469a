"""Content may be empty."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chats", "0003_alter_chatmodel_content")]

    operations = [migrations.AlterField("chatmodel", "content", models.TextField(default=""))]
