"""Work rows are looked for by the time at which they are due: what is due in an hour is not looked at meanwhile."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_longer_references"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="workitem", name="work_ready"),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(condition=models.Q(("state", "ready")), fields=["run_after"], name="work_due"),
        ),
    ]
