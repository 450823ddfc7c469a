"""Cursor pages: `{"next", "previous", "results"}`, `?page_size=` up to 200 (api.md)."""

from typing import Any

from django.core.exceptions import ValidationError as BadValueError
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


def page_size_of(request: Request, default: int, largest: int) -> int:
    """Return the page's size; ValidationError (`invalid`) when `page_size` is no whole number from 1."""
    text = request.query_params.get("page_size", "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) < 1:
        raise ValidationError({"page_size": [_("Use a whole number from 1.")]}, code="invalid")
    return min(int(text), largest)


class CursorPages(CursorPagination):
    """Keyset pages, newest first unless the view's `ordering` says otherwise."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    cursor_query_param = "cursor"
    ordering = "-created_at"

    def get_page_size(self, request: Request) -> int:
        """Return the page's size."""
        return page_size_of(request, self.page_size, self.max_page_size)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """Return a page; a cursor that none of our answers gave is the caller's error."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, BadValueError, ValueError) as error:
            raise ValidationError({"cursor": [_("This cursor is not one of ours.")]}, code="invalid") from error
