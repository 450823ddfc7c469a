"""What bin/test runs: pytest beside throw-away servers, with a browser and the data sets where they are."""

import os
import sys
from pathlib import Path

from config.stack.errors import StackError
from tests.support.chromium import chromium
from tests.support.servers import main as run_beside_servers

ROOT = Path(__file__).resolve().parents[2]
BROWSER_TESTS = ROOT / "tests" / "browser"
# Much of the suite waits for processes, so three of it run at once; a file's tests stay together with what they share,
# and conftest.py has the files in their order.
SIDE_BY_SIDE = ("--numprocesses", "3", "--dist", "loadfile", "--no-loadscope-reorder")
ALONE = ("-n", "--numprocesses", "-k", "-p", "--pdb", "--lf", "--ff", "--co", "--collect-only", "-h", "--help")
DATASETS = ROOT.parent / "shared" / "data"


def main(arguments: list[str]) -> int:
    """Run the suite, or what the arguments choose of it; return pytest's exit status."""
    chosen = [Path(given.partition("::")[0]).resolve() for given in arguments if not given.startswith("-")]
    chosen = [path for path in chosen if path.exists()]
    try:
        arguments = [*arguments, *browser_arguments(arguments, chosen)]
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not chosen and not any(argument.startswith(ALONE) for argument in arguments):
        arguments = [*arguments, *SIDE_BY_SIDE]
    if "CHARLA_DATASETS" not in os.environ and DATASETS.is_dir():
        os.environ["CHARLA_DATASETS"] = str(DATASETS)
    return run_beside_servers([sys.executable, "-m", "pytest", "-p", "tests.support.workers", *arguments])


def browser_arguments(arguments: list[str], chosen: list[Path]) -> list[str]:
    """See to a browser when browser tests are chosen; return what leaves them out when that was asked for."""
    if chosen and not any(BROWSER_TESTS.is_relative_to(path) or path.is_relative_to(BROWSER_TESTS) for path in chosen):
        return []
    if os.environ.get("CHARLA_SKIP_BROWSER") == "1":
        sys.stderr.write("The browser tests are not run: CHARLA_SKIP_BROWSER=1.\n")
        return [] if "-m" in arguments else ["-m", "not browser"]
    os.environ["CHARLA_CHROMIUM"] = chromium()
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
