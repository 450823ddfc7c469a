"""Let intents hold examples of messages that have none of the intents."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column with a default of the database's: nothing is rewritten."""

    dependencies = [("analysis", "0002_moods_intents_and_summaries")]
    operations = [
        migrations.AddField(
            model_name="intent",
            name="is_outside",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The examples are of messages that have none of the intents.",
                verbose_name="none of them",
            ),
        ),
    ]
