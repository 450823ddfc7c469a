"""Which instance of an agent handled the chat."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chats", "0005_remove_chatmodel_content_contentchatmodel")]

    operations = [
        migrations.AddField("chatmodel", "agent_instance", models.CharField(max_length=255, null=True)),
    ]
