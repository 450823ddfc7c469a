"""Filters for lists of the administration that may be long: what they offer costs the same however long they are."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise as StrPromise

LOOKED_AT = 1_000


class RecentValuesFilter(SimpleListFilter):
    """Narrows by a column's values, of which it offers those in the list's first thousand rows.

    Django's own filter for a column without choices reads the whole table for them. An address may name any value.
    """

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """Return the values in their order."""
        rows = model_admin.get_queryset(request).order_by(*model_admin.get_ordering(request))
        found = set(rows.values_list(self.parameter_name, flat=True)[:LOOKED_AT]) - {None, ""}
        return [(str(value), str(value)) for value in sorted(found)]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any] | None":
        """Return the rows with the chosen value; IncorrectLookupParameters for one that the column cannot hold."""
        if self.value() is None:
            return None
        try:
            return queryset.filter(**{self.parameter_name: self.value()})
        except (ValueError, ValidationError) as error:
            raise IncorrectLookupParameters(error) from error


def recent_values(column: str, name: "str | StrPromise") -> type[RecentValuesFilter]:
    """Return the filter for a column, which people know by a name."""
    return type("RecentValuesFilter", (RecentValuesFilter,), {"parameter_name": column, "title": name})
