"""What goes into a reply and what comes out; chats, api and providers share these shapes."""

from dataclasses import dataclass
from typing import Literal

TurnRole = Literal["user", "assistant", "system"]
ReplyKind = Literal["answer", "unknown", "greeting", "thanks", "goodbye", "human"]


@dataclass(frozen=True)
class ConversationTurn:
    """Something that was said: by the person (`user`), by Charla or staff (`assistant`), or about it (`system`).

    `attached` is what came with it (`image`, `audio`, `file`), which no agent can open.
    """

    role: TurnRole
    content: str
    attached: str = ""


@dataclass(frozen=True)
class Citation:
    """Where an answer comes from: the document's id and title, its source (a file, an address), the words used."""

    document: str
    title: str
    source: str
    excerpt: str


@dataclass(frozen=True)
class Reply:
    """A whole reply; `text` is the joined deltas that came before it.

    `human`: the person asks for a human. `unknown`: the knowledge does not tell, which the text says honestly while it
    offers a human. `confidence` is 0 to 1, of an answer that it answers this question. `tokens_used` are those read and
    written, `input_tokens` and `output_tokens` each of them.
    """

    text: str
    citations: tuple[Citation, ...]
    model_used: str
    tokens_used: int
    kind: ReplyKind
    confidence: float
    language: str
    input_tokens: int = 0
    output_tokens: int = 0
