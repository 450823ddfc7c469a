"""Exporting and importing a tenant's messages, beside a bare COPY of the same rows to nowhere."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import reporting
from benchmarks.installation import ROOT, TENANT, Installation, installation, make_cast

MESSAGES = int(os.environ.get("CHARLA_EXPORTED_MESSAGES", "100000"))
A_CHAT = 20
OTHER = "other"
CHATS = """
INSERT INTO chats_chatmodel (tenant_id, user_id, title, channel, is_group, status, is_active, settings, agent_settings,
    model_used, total_tokens, message_count, last_sequence, answered_sequence, owner_version, created_at, updated_at)
SELECT id, 'bench-' || number, 'Conversation ' || number, 'api', false, 'completed', false, '{}', '{}', '', 0, %s, %s,
    %s, 0, now(), now()
FROM tenants_tenantmodel, generate_series(1, %s) AS number WHERE name = %s
"""
WORDS = "Hello, I would like to know when my order arrives; it is number "
SAY = """
INSERT INTO chats_contentchatmodel (tenant_id, chat_id, sequence, content, content_type, sender, client_message_id,
    external_id, language, tokens_used, model_used, is_automatic, is_encrypted, encryption_key_id, metadata)
SELECT tenant_id, id, number, %s || number, 'text', CASE number %% 2 WHEN 0 THEN 'agent' ELSE 'user' END, '', '', 'en',
    0, '', false, false, '', '{}'
FROM chats_chatmodel, generate_series(1, %s) AS number WHERE user_id LIKE 'bench-%%'
"""
BARE = "COPY (SELECT * FROM chats_contentchatmodel) TO STDOUT"


def fill(made: Installation) -> None:
    """Store the conversations."""
    with made.owner() as connection:
        connection.execute(CHATS, [A_CHAT, A_CHAT, A_CHAT, MESSAGES // A_CHAT, TENANT])
        connection.execute(SAY, [WORDS, A_CHAT])
        connection.execute("VACUUM ANALYZE")


def bare_copy(made: Installation) -> float:
    """Return the seconds of a COPY of the messages' table that nobody looks at."""
    began = time.perf_counter()
    with made.owner() as connection, connection.cursor().copy(BARE) as copy:
        for _block in copy:
            pass
    return time.perf_counter() - began


def measured(*words: str) -> tuple[float, float]:
    """Run a command of ours; return (seconds with its start, its greatest memory in MiB)."""
    began = time.perf_counter()
    command = [sys.executable, "manage.py", *words, "--no-progress"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{words[0]} ended with {child.returncode}.")
    return time.perf_counter() - began, usage.ru_maxrss / 1_024


def exported(folder: Path) -> Path:
    """Return the one file of an export."""
    (path,) = (path for path in folder.rglob("*") if path.is_file())
    return path


def main() -> None:
    """Export in every format, and import one into another tenant; a command's start is part of its time."""
    with reporting() as report, installation() as made:
        make_cast(0)
        fill(made)
        bare = min(bare_copy(made) for _time in range(3))
        rows = MESSAGES + MESSAGES // A_CHAT
        report.note(f"export_data of {MESSAGES:,} messages in {MESSAGES // A_CHAT:,} conversations")
        report.add("bare COPY of the messages", bare, "s")
        for name in ("jsonl", "json", "csv", "xml"):
            where = f"--output={made.folder / name}"
            seconds, memory = measured("export_data", f"--tenant={TENANT}", "--type=chats", f"--format={name}", where)
            report.add(f"{name}: rows a second", rows / seconds, "/s", least=25_000 if name == "jsonl" else None)
            report.add(f"{name}: times a bare COPY", seconds / bare, "")
            report.add(f"{name}: greatest memory of the command", memory, "MiB", most=150)
        make_cast(0, OTHER)
        file = str(exported(made.folder / "jsonl"))
        for again in ("into an empty tenant", "once more, all there already"):
            seconds, memory = measured("import_data", file, f"--tenant={OTHER}", "--conflict=skip")
            report.add(f"import_data {again}: rows a second", rows / seconds, "/s")
            report.add(f"import_data {again}: greatest memory", memory, "MiB", most=150)


if __name__ == "__main__":
    main()
