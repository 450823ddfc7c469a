"""The last run of each command. The installation's: no policy."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="CommandRun",
            fields=[
                (
                    "command",
                    models.CharField(max_length=100, primary_key=True, serialize=False, verbose_name="command"),
                ),
                ("finished_at", models.DateTimeField(verbose_name="last run")),
                ("seconds", models.FloatField(default=0, verbose_name="seconds")),
                ("error", models.CharField(blank=True, default="", max_length=500, verbose_name="error")),
                ("succeeded_at", models.DateTimeField(null=True, verbose_name="last success")),
            ],
            options={"verbose_name": "run of a command", "verbose_name_plural": "operations"},
        ),
    ]
