"""Where the providers answer that have an address of their own."""

from typing import Final

OPENAI: Final = "https://api.openai.com/v1"
ANTHROPIC: Final = "https://api.anthropic.com"
