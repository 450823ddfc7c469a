"""The help of commands in the operator's language: what argparse and Django say in English alone."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import DjangoHelpFormatter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Django's own options, and argparse's, by what they set; an option of ours that takes such a name keeps its words.
FOREIGN: Final = {
    "help": ("show this help message and exit", gettext_lazy("Show this help and end.")),
    "version": ("Show program's version number and exit.", gettext_lazy("Show Django's version and end.")),
    "verbosity": ("Verbosity level;", gettext_lazy("How much is said, from 0 to 3.")),
    "settings": ("The Python path to a settings", gettext_lazy("The Python module of the settings.")),
    "pythonpath": ("A directory to add", gettext_lazy("A folder in which Python looks for modules too.")),
    "traceback": ("Display a full stack trace", gettext_lazy("Show where in the program an error arose.")),
    "no_color": ("Don't colorize", gettext_lazy("No colours.")),
    "force_color": ("Force colorization", gettext_lazy("Colours, even where no terminal is.")),
    "skip_checks": ("Skip system checks.", gettext_lazy("Without Django's checks first.")),
}


class SpokenHelp(DjangoHelpFormatter):
    """Says “usage” in the language, too."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Begin with the word for it."""
        super().add_usage(usage, actions, groups, _("usage: ") if prefix is None else prefix)


def speak(parser: ArgumentParser) -> None:
    """Put the headings and the foreign options' help into the active language."""
    parser._optionals.title = _("options")
    parser._positionals.title = _("arguments")
    for action in parser._actions:
        begins, words = FOREIGN.get(action.dest, ("", ""))
        if begins and str(action.help).startswith(begins):
            action.help = str(words)
