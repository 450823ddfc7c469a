"""The names that the requirement documents give exist, can be called, and say what they do (coverage.md)."""

import json
import os
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.db import connection
from django.dispatch import Signal
from django.utils import translation

from tenants.services.schedules import SCHEDULES

ROOT = Path(__file__).resolve().parents[1]

EMIT = "chats.signals.content_chat_emit"
SAVED = "chats.signals.chat_post_save_receiver"
NAMES = {
    SAVED: (
        "chat_post_save_receiver", "initialize_chat_settings", "notify_chat_created", "process_chat_update",
        "record_chat_metrics", "update_agent_settings",
    ),
    EMIT: (
        "adjust_agent_behavior", "archive_conversation", "emit_message_signals", "generate_auto_response",
        "handle_conversation_completed", "handle_message_analyzed", "is_conversation_complete",
        "message_post_save_receiver", "process_analysis_results", "process_new_message", "retry_signal_processing",
        "send_realtime_notification", "should_generate_auto_response", "trigger_escalation", "update_message_metrics",
    ),
    "chats.signals.monitoring": ("monitor_signal",),
    "chats.signals.muting": ("muted_signals",),
    "chats.api.serializers": ("MessageSerializer",),
    "chats.apps": ("ChatsConfig",),
    "chats.migrations.0005_remove_chatmodel_content_contentchatmodel": (
        "migrate_chat_content", "reverse_migrate_chat_content", "validate_chat_integrity",
    ),
    "agents.services.agent_service": ("AgentService",),
    "analysis.services": ("ConversationSummaryService",),
    "analysis.tasks": ("analyze_chat_sentiment", "analyze_message_sentiment"),
    "analysis.receivers": ("generate_conversation_summary",),
    "analysis.management.commands.generate_reports": ("Command",),
    "analysis.services.due_reports": ("make_asked_report", "make_due_reports"),
    "analysis.models": ("UsageMetric",),
    "chats.services": ("ChatCleanupService", "ChatMigrationService"),
    "tenants.tasks": ("run_backup_task", "run_cleanup_task"),
    "notifications.services": ("NotificationService",),
    "audit.services": ("AuditService",),
    "metrics.services": ("MetricsService",),
    "tenants.management.commands.backup_data": ("Command",),
    "tenants.management.commands.restore_data": ("Command",),
    "tenants.management.commands.export_data": ("Command",),
    "tenants.management.commands.import_data": ("Command",),
    "tenants.management.commands.migrate_tenant_data": ("Command",),
    "chats.services.database_service": ("DatabaseService",),
    "chats.models": ("Thread", "ContextCache", "ContactState", "MessageBuffer"),
}  # fmt: skip
METHODS = {
    "chats.services.ChatMigrationService": ("validate_chat_data", "migrate_user_chats", "migrate_all_chats"),
    "chats.services.database_service.DatabaseService": (
        "save_thread",
        "get_thread",
        "load_all_threads",
        "save_context",
        "get_context",
        "delete_context",
        "save_user_state",
        "get_user_state",
        "save_message_buffer",
        "get_message_buffer",
        "cleanup",
    ),
    "agents.services.agent_service.AgentService": ("generate_response",),
    "analysis.services.ConversationSummaryService": ("generate_summary",),
    "notifications.services.NotificationService": ("send_notification", "send_escalation_alert"),
    "audit.services.AuditService": ("log_event",),
    "chats.services.ChatCleanupService": ("count_old_chats", "cleanup_old_chats"),
    "metrics.services.MetricsService": ("increment_counter", "set_gauge", "observe_histogram"),
}
SIGNALS = ("message_analyzed", "conversation_completed", "chat_archived", "escalation_triggered")


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names], ids=lambda part: part
)
def test_the_documents_name_is_there_and_documented(module: str, name: str) -> None:
    found: Any = getattr(import_module(module), name)
    assert callable(found)
    assert found.__doc__


@pytest.mark.parametrize(
    ("service", "method"), [(service, method) for service, methods in METHODS.items() for method in methods]
)
def test_the_services_have_the_documents_methods(service: str, method: str) -> None:
    module, _dot, name = service.rpartition(".")
    found = getattr(getattr(import_module(module), name), method)
    assert callable(found)
    assert found.__doc__


@pytest.mark.parametrize("name", SIGNALS)
def test_the_documents_signals_are_signals(name: str) -> None:
    assert isinstance(getattr(import_module(EMIT), name), Signal)


INDEXES = ("idx_users_thread_id", "idx_context_expires", "idx_buffers_expires")


@pytest.mark.django_db
@pytest.mark.parametrize("name", INDEXES)
def test_the_documents_indexes_are_in_the_database(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public' AND indexname = %s", [name])
        assert cursor.fetchone() == (1,)


# What commands.md and the requirement documents let an operator type, beside what all commands have.
COMMON = "--json --no-progress --lang"
ENDLESS = {"sweep"}  # has no outcome to tell of
COMMANDS = {
    "init_system": "--skip-admin --tenant --admin-email --dry-run",
    "setup_demo_data": "--tenant --dry-run",
    "create_test_data": "--volume --scenario --seed --tenant --dry-run",
    "cleanup_old_data": "--days --type --tenant --dry-run",
    "backup_data": "--type --tenant --output --incremental --list --verify --dry-run",
    "restore_data": "file --tenant --into --verify-only --dry-run",
    "migrate_tenant_data": "--from --to --type --move --dry-run",
    "optimize_database": "--analyze --reindex --slow-queries --dry-run",
    "export_data": "--type --format --from --to --since-last --output --compress --tenant",
    "generate_reports": "--type --period --format --email --tenant",
    "validate_system": "--fix-issues --module --tenant --dry-run",
    "health_check": "--service --verbose --timeout",
    "monitor_performance": "--duration --interval --alert-threshold",
    "import_knowledge": "--file --directory --base --format --encoding --mapping --report --tenant --dry-run",
    "migrate_knowledge_base": "--version --validate-only --reembed --tenant --dry-run",
    "train_sentiment": "--file --tenant --evaluate --dry-run",
    "train_intents": "--file --tenant --evaluate --dry-run",
    "analyze_sentiment": "--days --agent --force --batch-size --tenant --dry-run",
    "sweep": "",
    "verify_audit": "--tenant",
    "preflight": "",
    "chaos": "--kills --seed --resume",
    "migrate_chat_data": "--user-id --validate-only --tenant --dry-run",
    "migrate_chat_content": "--tenant --dry-run",
    "migrate_json_state": "--threads --guests --rollback --list --tenant --dry-run",
    "cleanup_old_chats": "--days --dry-run --tenant",
    "archive_inactive_chats": "--hours --tenant --dry-run",
    "validate_chat_integrity": "--fix-issues --tenant --dry-run",
    "validate_chat_content": "--fix-issues --tenant --dry-run",
    "find_duplicate_chats": "--window --merge --tenant --dry-run",
    "chat_metrics": "--period --tenant",
    "analyze_conversation_patterns": "--days --tenant",
    "analyze_chat_performance": "--days --tenant",
    "optimize_chat_queries": "--explain",
    "encrypt_sensitive_messages": "--all --rotate --decrypt --tenant --dry-run",
    "anonymize_chat_data": "--user-id --tenant --dry-run",
}
CHOICES = {
    ("backup_data", "--type"): "database media config full",
    ("cleanup_old_data", "--type"): "chats logs files analysis all",
    ("export_data", "--type"): "chats agents knowledge contacts audit all",
    ("export_data", "--format"): "json jsonl csv xml",
    ("generate_reports", "--type"): "usage performance agents satisfaction all",
    ("generate_reports", "--period"): "daily weekly monthly",
    ("generate_reports", "--format"): "html json csv pdf",
    ("health_check", "--service"): "database redis celery channels storage providers all",
    ("chat_metrics", "--period"): "hourly daily weekly monthly",
}


OURS = {"tenants", "audit", "metrics", "notifications", "agents", "chats", "analysis", "config"}


@cache
def parser_of(name: str) -> Any:
    """Return the parser that a command really has."""
    return load_command_class(get_commands()[name], name).create_parser("manage.py", name)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_every_option_that_it_was_asked_for_and_says_what_each_does(name: str) -> None:
    options = {word: action for action in parser_of(name)._actions for word in action.option_strings or [action.dest]}
    wanted = [*COMMANDS[name].split(), *([] if name in ENDLESS else COMMON.split())]
    assert [word for word in wanted if not getattr(options.get(word), "help", None)] == []
    text = parser_of(name).format_help()
    assert [word for word in wanted if word not in text.lower()] == []


@pytest.mark.parametrize(
    "name", sorted(name for name, app in get_commands().items() if app in OURS and name != "migrate")
)
def test_the_help_of_a_command_is_in_spanish_to_the_last_word(name: str) -> None:
    """Of all but `migrate`, which is Django's own and speaks as Django does."""
    said = {}
    for language in ("en", "es"):
        with translation.override(language):
            parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
            texts = [parser.description, *(action.help for action in parser._actions), parser._optionals.title]
            said[language] = {str(text) for text in texts if text and not str(text).isupper()}  # a variable's name
            assert parser.format_help().startswith({"en": "usage: ", "es": "uso: "}[language])
    assert said["en"] & said["es"] == set()


@pytest.mark.parametrize(("name", "option"), CHOICES)
def test_an_option_takes_every_value_that_it_was_asked_for(name: str, option: str) -> None:
    [action] = [each for each in parser_of(name)._actions if option in each.option_strings]
    assert set(CHOICES[name, option].split()) <= {str(choice) for choice in action.choices}


def test_runstack_needs_no_django_and_has_the_options_of_bin_run() -> None:
    asked = [sys.executable, str(ROOT / "manage.py"), "runstack", "--help"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
    assert [word for word in ("--host", "--port", "--data-dir", "--no-demo") if word not in told] == []


@pytest.mark.parametrize("name", [*COMMANDS, "check chats", "runstack"])
def test_a_command_has_its_section_on_the_page_of_commands(name: str) -> None:
    assert f"\n## {name}\n" in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


# Settings by the documents' names, and the variable that each is read from.
SETTINGS = {
    "MANAGEMENT_COMMANDS.backup.retention_days": ("BACKUP_RETENTION_DAYS", "7", 7),
    "MANAGEMENT_COMMANDS.backup.directory": ("BACKUP_DIRECTORY", "/srv/copies", "/srv/copies"),
    "MANAGEMENT_COMMANDS.backup.compression": ("BACKUP_COMPRESSION", "off", False),
    "MANAGEMENT_COMMANDS.backup.encryption": ("BACKUP_ENCRYPTION", "off", False),
    "MANAGEMENT_COMMANDS.cleanup.batch_size": ("CLEANUP_BATCH_SIZE", "77", 77),
    "MANAGEMENT_COMMANDS.cleanup.concurrent_jobs": ("CLEANUP_CONCURRENT_JOBS", "3", 3),
    "MANAGEMENT_COMMANDS.import.batch_size": ("IMPORT_BATCH_SIZE", "99", 99),
    "MANAGEMENT_COMMANDS.import.validation_level": ("IMPORT_VALIDATION_LEVEL", "lenient", "lenient"),
    "CHAT_SETTINGS.MAX_MESSAGE_LENGTH": ("CHAT_MAX_MESSAGE_LENGTH", "123", 123),
    "CHAT_SETTINGS.SESSION_TIMEOUT": ("CHAT_SESSION_TIMEOUT", "60", 60),
    "CHAT_SETTINGS.MESSAGE_RETENTION_DAYS": ("CHAT_MESSAGE_RETENTION_DAYS", "30", 30),
    "CHAT_SETTINGS.ENABLE_MESSAGE_ENCRYPTION": ("CHAT_ENABLE_MESSAGE_ENCRYPTION", "off", False),
    "CHAT_SETTINGS.REAL_TIME_UPDATES": ("CHAT_REAL_TIME_UPDATES", "off", False),
    "ENVIRONMENT": ("CHARLA_ENVIRONMENT", "staging", "staging"),
}
READ = """
import json, sys
from django.conf import settings

def found(way):
    first, *rest = way.split(".")
    value = getattr(settings, first)
    for name in rest:
        value = value[name]
    return value

print(json.dumps({way: found(way) for way in sys.argv[1:]}))
"""


def test_each_variable_that_the_documents_name_sets_what_they_say() -> None:
    given = {variable: text for variable, text, _value in SETTINGS.values()}
    env = {**os.environ, **given, "DJANGO_SETTINGS_MODULE": "config.settings"}
    asked = [sys.executable, "-c", READ, *SETTINGS]
    told = subprocess.run(asked, cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(told) == {way: value for way, (_variable, _text, value) in SETTINGS.items()}


def test_the_types_of_content_that_the_documents_name_are_supported() -> None:
    assert set(settings.CHAT_SETTINGS["SUPPORTED_CONTENT_TYPES"]) == {"text", "image", "file", "audio"}


@pytest.mark.parametrize("entry", ["tenants.backup", "tenants.cleanup", "analysis.reports", "metrics.validate"])
def test_the_cron_lines_of_the_documents_are_entries_of_the_schedule(entry: str) -> None:
    assert entry in SCHEDULES
