"""Cursor pages: `{"next", "previous", "results"}`, `?page_size=` up to 200 (api.md)."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Keyset pages, newest first unless the view's `ordering` says otherwise."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    cursor_query_param = "cursor"
    ordering = "-created_at"
