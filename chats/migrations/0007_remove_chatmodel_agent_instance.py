"""The agent alone says who handled the chat."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("chats", "0006_chatmodel_agent_instance")]

    operations = [migrations.RemoveField("chatmodel", "agent_instance")]
