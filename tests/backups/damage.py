"""What may become of a backup on its way: each returns other bytes than it was given, decided by chance."""

import random
from collections.abc import Callable
from typing import Final

CHUNK: Final = 256 * 1024 + 16
Damage = Callable[[bytes, bytes, random.Random], bytes]


def flipped(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    """One to eight bits are another."""
    data = bytearray(whole)
    for at in chance.sample(range(len(data)), chance.randint(1, 8)):
        data[at] ^= 1 << chance.randrange(8)
    return bytes(data)


def cut(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    """The end is missing."""
    return whole[: chance.randrange(len(whole))]


def lengthened(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    """Something stands behind it."""
    return whole + chance.randbytes(chance.randrange(1, 5_000))


def torn(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    """A piece in the middle is missing."""
    begin = chance.randrange(len(whole) - 1)
    return whole[:begin] + whole[begin + chance.randrange(1, 5_000) :]


def blank(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    """A sector was never written."""
    begin = chance.randrange(len(whole) - 512)
    return whole[:begin] + bytes(512) + whole[begin + 512 :]


def swapped(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    """Two pieces have changed places."""
    size = chance.randrange(1, len(whole) // 4)
    first, second = chance.randrange(size), len(whole) // 2 + chance.randrange(size)
    return (
        whole[:first] + whole[second : second + size] + whole[first + size : second] + whole[first : first + size]
        + whole[second + size :]
    )  # fmt: skip


def mixed(whole: bytes, other: bytes, chance: random.Random) -> bytes:
    """It goes on as another backup does, from some byte or from some chunk on."""
    at = chance.choice([chance.randrange(1, len(whole)), min(len(whole) - 1, CHUNK)])
    return whole[:at] + other[at:]


DAMAGES: Final[tuple[Damage, ...]] = (flipped, cut, lengthened, torn, blank, swapped, mixed)
