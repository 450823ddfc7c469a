"""One more thing that people are told: that the installation is strained. Choices alone, no SQL."""

from django.db import migrations, models

TYPES = [
    ("chat_created", "a new conversation"),
    ("escalation", "a conversation waits for a person"),
    ("webhook_paused", "a webhook was paused"),
    ("work_died", "work was given up"),
    ("report_ready", "a report is ready"),
    ("performance", "the installation is strained"),
]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_trials_of_rooms")]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="notification_type",
            field=models.CharField(choices=TYPES, max_length=40, verbose_name="type"),
        ),
        migrations.AlterField(
            model_name="notificationpreference",
            name="notification_type",
            field=models.CharField(choices=TYPES, max_length=40, verbose_name="type"),
        ),
        migrations.AlterField(
            model_name="roommessage",
            name="notification_type",
            field=models.CharField(blank=True, choices=TYPES, max_length=40, verbose_name="type"),
        ),
    ]
