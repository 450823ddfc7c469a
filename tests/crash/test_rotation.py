"""The short tier of a rotation under fire; the long one is `python -m tests.crash.rotation`."""

import pytest

from tests.crash.rotation import rotate_under_fire

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("crash")]


def test_a_rotation_killed_three_times_leaves_every_message_readable_by_one_new_key() -> None:
    outcome = rotate_under_fire(messages=3_000, kills=3, batch=50)
    assert outcome.is_sound, outcome
    assert outcome.messages == 3_000
    assert outcome.kills > 1, "one with its new key alone, and in the middle"
