"""What lists keep instead of drawing it for each row is what Unfold draws."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override
from unfold import utils
from unfold.admin import checkbox
from unfold.templatetags import unfold_list
from unfold.utils import display_for_label

from tenants.admin_drawing import box_of, remembered

COLOURS = {"active": "success", "waiting": "warning"}
VALUES: list[Any] = [
    ("active", "active"), ("waiting", "active"), ("gone", "gone"), "active", "", None, 1, True, "<b>bold</b>",
    mark_safe("<b>bold</b>"), gettext_lazy("active"),
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
def test_labels_are_drawn_as_unfold_draws_them(language: str) -> None:
    with override(language):
        for _twice in range(2):
            for value in VALUES:
                for label in (COLOURS, True):
                    assert unfold_list.display_for_label(value, "-", label) == display_for_label(value, "-", label)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("value", [True, False, None])
def test_marks_are_drawn_as_unfold_draws_them(value: bool | None, language: str) -> None:
    with override(language):
        assert utils._boolean_icon(value) == render_to_string("unfold/helpers/boolean.html", {"value": value})


class Attributes(HTMLParser):
    """The tags of a piece of HTML with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["en", "es"])
def test_boxes_are_drawn_as_unfold_draws_them(language: str) -> None:
    with override(language):
        for key in (1, "01a2", '"><script>'):
            assert Attributes(box_of(key)).found == Attributes(checkbox.render(ACTION_CHECKBOX_NAME, str(key))).found


def test_the_same_is_drawn_once() -> None:
    drawn: list[Any] = []

    def note(value: Any) -> str:
        drawn.append(value)
        return ""

    draw = remembered(note)
    with override("en"):
        draw("one"), draw("one"), draw(1), draw("1")
    with override("es"):
        draw("one")
    assert drawn == ["one", 1, "1", "one"]
