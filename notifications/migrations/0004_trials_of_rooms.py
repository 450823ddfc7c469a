from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_webhooks")]

    operations = [
        migrations.AlterField(
            model_name="roommessage",
            name="notification_type",
            field=models.CharField(
                blank=True,
                choices=[
                    ("chat_created", "a new conversation"),
                    ("escalation", "a conversation waits for a person"),
                    ("webhook_paused", "a webhook was paused"),
                    ("work_died", "work was given up"),
                    ("report_ready", "a report is ready"),
                ],
                max_length=40,
                verbose_name="type",
            ),
        ),
    ]
