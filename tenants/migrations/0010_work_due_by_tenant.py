"""Work that is due is found tenant by tenant, so that each has its share of a batch. Made beside the running work."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("tenants", "0009_open_log_ins_and_second_factors"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("state", "ready")), fields=["tenant", "run_after"], name="work_due_by_tenant"
            ),
        ),
    ]
