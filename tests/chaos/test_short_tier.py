"""The short tier: thirty kills while people write. The long one is `manage.py chaos`; see docs/reliability.md."""

import pytest

from tests.chaos.plan import Plan
from tests.chaos.report import in_words, totals
from tests.chaos.trial import Trial

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("crash")]
SEED = 3


def run(trial: Trial, count: int) -> dict[str, object]:
    """Run all of a trial in one part, print the report, return it."""
    steps = trial.run_part(0, count)
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            found = totals(trial.name, [ended.value])
            print(in_words(found))  # noqa: T201
            return found


def test_thirty_kills_lose_nothing_double_nothing_and_leave_nobody_without_an_answer() -> None:
    found = run(Trial(Plan("kills", SEED, 30, 1.6), 450, people=30), 30)
    assert found["accepted"] == 450
    assert found["faults"] == 0, found["found"]
