"""What `metrics` hears from the app below it (decision 18), and from Django and Celery."""

from typing import Any

from celery.signals import task_failure
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core.signals import got_request_exception
from django.dispatch import receiver

from metrics.services import MetricsService
from metrics.services.command_runs import note_run
from tenants.services.work import Lease
from tenants.signals import command_finished, work_died


@receiver(command_finished, dispatch_uid="metrics.command_finished")
def count_command(
    sender: Any, command: str, outcome: str, seconds: float, error: BaseException | None = None, **kwargs: Any
) -> None:
    """Count a command's run and its time, and remember how it did."""
    note_run(command, seconds=seconds, error=error)
    MetricsService.increment_counter("command_runs", {"command": command, "outcome": outcome})
    MetricsService.observe_histogram("command_seconds", seconds, {"command": command})


@receiver(work_died, dispatch_uid="metrics.work_died")
def count_dead_work(sender: Any, item: Lease, **kwargs: Any) -> None:
    """Count a work row that was given up."""
    MetricsService.increment_counter("work_died", {"kind": item.kind})


@receiver(user_logged_in, dispatch_uid="metrics.logged_in")
def count_login(sender: Any, **kwargs: Any) -> None:
    """Count a log-in."""
    MetricsService.increment_counter("log_ins", {"outcome": "done"})


@receiver(user_login_failed, dispatch_uid="metrics.login_failed")
def count_failed_login(sender: Any, **kwargs: Any) -> None:
    """Count a log-in that was refused."""
    MetricsService.increment_counter("log_ins", {"outcome": "refused"})


@receiver(got_request_exception, dispatch_uid="metrics.request_exception")
def count_request_error(sender: Any, **kwargs: Any) -> None:
    """Count an error that nothing caught in a request."""
    MetricsService.increment_counter("unhandled_errors", {"where": "request"})


@task_failure.connect(dispatch_uid="metrics.task_failure")
def count_task_error(sender: Any, **kwargs: Any) -> None:
    """Count an error that nothing caught in a task."""
    MetricsService.increment_counter("unhandled_errors", {"where": "task"})
