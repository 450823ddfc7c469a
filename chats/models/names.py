"""What conversations and people are found by beside the words of their messages."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned


class SearchName(TenantOwned):
    """A chat's title or a contact's name and id, in small letters without accents; triggers keep it.

    A sealed title is not in it. A chat without a contact has its person's id. One of the two keys is set.
    """

    id = models.BigAutoField(primary_key=True)
    chat_key = models.BigIntegerField(unique=True, null=True)
    contact_key = models.UUIDField(unique=True, null=True)
    text = models.TextField()

    class Meta:
        verbose_name = _("name to search for")
        verbose_name_plural = _("names to search for")

    def __str__(self) -> str:
        return self.text
