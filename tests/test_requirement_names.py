"""The names that the requirement documents give exist, can be called, and say what they do (coverage.md)."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.dispatch import Signal

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
    "analysis.services.due_reports": ("make_due_reports",),
    "analysis.models": ("UsageMetric",),
    "chats.services": ("ChatCleanupService", "ChatMigrationService"),
    "tenants.tasks": ("run_backup_task", "run_cleanup_task"),
    "notifications.services": ("NotificationService",),
    "audit.services": ("AuditService",),
    "metrics.services": ("MetricsService",),
    "tenants.management.commands.backup_data": ("Command",),
    "tenants.management.commands.restore_data": ("Command",),
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
