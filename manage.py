#!/usr/bin/env python3
"""Charla's commands; `runstack` starts everything and needs no Django, the others find the running servers."""

import os
import sys

from config.stack.discovery import command_environment
from config.stack.errors import StackError


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["runstack"]:
        from config.stack.run import main as run_stack

        sys.exit(run_stack(sys.argv[2:]))
    try:
        os.environ.update(command_environment(sys.argv[1:], os.environ))
    except StackError as error:
        sys.exit(str(error))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
