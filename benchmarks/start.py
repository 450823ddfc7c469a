"""Starting: `bin/run` of a fresh clone until /readyz answers 200, again on the same data, and what it holds then."""

import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from benchmarks.figures import Report, reporting
from benchmarks.installation import ROOT
from benchmarks.meter import pss_mib, tree
from tests.support.stack import free_port

PATIENCE_SECONDS = 180.0
NAMES = {"uvicorn": "web", "celery": "worker", "sweep": "sweeper", "runstack": "supervisor"}


def is_ready(port: int) -> bool:
    """Tell whether /readyz answers 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def start(clone: Path, port: int) -> tuple["subprocess.Popen[bytes]", float]:
    """Run bin/run; return the process and the seconds until it was ready."""
    hidden = ("DATABASE_URL", "REDIS_URL", "CHARLA_DATA_DIR", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    with (clone / "run.log").open("ab") as log:
        began = time.perf_counter()
        child = subprocess.Popen([clone / "bin/run", "--port", str(port)], env=env, stdout=log, stderr=log, cwd="/")
    while not is_ready(port):
        if child.poll() is not None or time.perf_counter() - began > PATIENCE_SECONDS:
            raise RuntimeError((clone / "run.log").read_text()[-2_000:])
        time.sleep(0.05)
    return child, time.perf_counter() - began


def stop(child: "subprocess.Popen[bytes]") -> None:
    """Stop as Ctrl-C does."""
    child.send_signal(signal.SIGINT)
    child.wait(40)


def name_of(process: psutil.Process) -> str:
    """Return what a process is for."""
    words = " ".join(process.cmdline())
    if "postgres" in process.name():
        return "PostgreSQL"
    return next((name for word, name in NAMES.items() if word in words), process.name())


def add_memory(report: Report, pid: int) -> None:
    """Report the memory of each Python process, and of everything."""
    total: dict[str, float] = {}
    for process in tree(pid):
        name = name_of(process)
        total[name] = total.get(name, 0.0) + pss_mib(process.pid)
    for name, mib in sorted(total.items(), key=lambda item: -item[1]):
        report.add(f"memory (PSS) of {name}", mib, "MiB", most=130 if name in NAMES.values() else None)
    report.add("everything", sum(total.values()), "MiB", most=650)


def main() -> None:
    """Clone, start, look, stop, start again."""
    with reporting() as report, tempfile.TemporaryDirectory(prefix="charla-clone-") as folder:
        Path(folder).chmod(0o755)
        clone, port = Path(folder) / "charla", free_port()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        child, seconds = start(clone, port)
        try:
            report.note("bin/run of a fresh clone, warm package cache")
            report.add("first start, to /readyz", seconds, "s", most=90)
            stop(child)
            child, seconds = start(clone, port)
            report.add("second start, to /readyz", seconds, "s", most=8)
            time.sleep(5)
            add_memory(report, child.pid)
        finally:
            stop(child)


if __name__ == "__main__":
    main()
