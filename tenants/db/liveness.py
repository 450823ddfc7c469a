"""Whether a pooled connection still lives, without asking the server each time."""

import select

import psycopg


def has_news(connection: "psycopg.Connection[object]") -> bool:
    """Tell whether the server has said something to a connection that rests, which it does when it ends it.

    A round trip before each unit of work would find the same, for a fifth of what accepting a message costs.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
