"""`python -m benchmarks [NAME …]`: run benchmarks one after the other, each on an installation of its own."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, machine
from benchmarks.installation import ROOT

NAMES = (
    "start", "accept", "sockets", "first_delta", "importing", "flatness", "pipeline", "fair", "retrieval", "sentiment",
    "intents", "personal_data", "search", "policies", "filling", "cleaning", "pages", "backups", "exporting",
)  # fmt: skip


def main(chosen: list[str]) -> int:
    """Run what was chosen (without a choice: all); return 1 when a target was missed or a benchmark failed."""
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        sys.stderr.write(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}.\n")
        return 2
    print(machine(), flush=True)
    missed, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen or NAMES:
            print(f"\n{name}", flush=True)
            kept = Path(folder) / f"{name}.json"
            env = {**os.environ, "CHARLA_FIGURES": str(kept), "LOG_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}
            if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, env=env, check=False).returncode:
                failed.append(name)
            if kept.exists():
                figures = [Figure(**figure) for figure in json.loads(kept.read_text(encoding="utf-8"))]
                missed += [f"{name}: {figure.name}" for figure in figures if figure.verdict == "missed"]
    print("\nmissed: " + ("; ".join(missed) or "nothing") + (f"\nfailed: {', '.join(failed)}" if failed else ""))
    return 1 if missed or failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
