"""What `chats` tells the apps above it (chats-signals.md); docs/signals.md lists who listens."""

from django.dispatch import Signal

message_analyzed = Signal()  # message, timestamp, analysis_results
conversation_completed = Signal()  # chat, final_message
chat_archived = Signal()  # chat, archived_at
escalation_triggered = Signal()  # chat, message, reason
messages_imported = Signal()  # since, until: when the messages that were stored now were written
