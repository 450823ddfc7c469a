"""How the operator's commands did: the last run of each, one row a command."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CommandRun(models.Model):
    """The last run of a command, by hand or by a schedule, and when it last went well. The installation's."""

    command = models.CharField(_("command"), max_length=100, primary_key=True)
    finished_at = models.DateTimeField(_("last run"))
    seconds = models.FloatField(_("seconds"), default=0)
    error = models.CharField(_("error"), max_length=500, blank=True, default="")
    succeeded_at = models.DateTimeField(_("last success"), null=True)

    class Meta:
        verbose_name = _("run of a command")
        verbose_name_plural = _("operations")

    def __str__(self) -> str:
        return self.command

    @property
    def has_failed(self) -> bool:
        """Whether the last run went wrong."""
        return self.succeeded_at != self.finished_at
