"""Damage as disks, cables and editors do it to a file; each kind a function of the bytes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Damage = Callable[[bytes, Random], bytes]


def a_place(data: bytes, random: Random) -> int:
    """Anywhere, but every second time near the beginning, where files describe themselves."""
    return random.randrange(min(len(data), 1200) if random.random() < 0.5 else len(data))


def flipped(data: bytes, random: Random) -> bytes:
    """A few bits the other way."""
    new = bytearray(data)
    for _ in range(random.randint(1, 4)):
        new[a_place(data, random)] ^= 1 << random.randrange(8)
    return bytes(new)


def overwritten(data: bytes, random: Random) -> bytes:
    """A few bytes with others."""
    new = bytearray(data)
    for _ in range(random.randint(1, 4)):
        new[a_place(data, random)] = random.choice((0, 255, random.randrange(256)))
    return bytes(new)


def cut(data: bytes, random: Random) -> bytes:
    """The end is missing."""
    return data[: a_place(data, random)]


def extended(data: bytes, random: Random) -> bytes:
    """Something follows that does not belong to it."""
    return data + random.choice((bytes(random.randint(1, 5000)), random.randbytes(100), data))


def zeroed(data: bytes, random: Random) -> bytes:
    """A block that never reached the disk."""
    start = a_place(data, random)
    length = random.choice((1, 16, 512, 4096))
    return data[:start] + bytes(len(data[start : start + length])) + data[start + length :]


def a_piece_less(data: bytes, random: Random) -> bytes:
    """A piece is missing in the middle."""
    start = a_place(data, random)
    return data[:start] + data[start + random.randint(1, 100) :]


def a_piece_more(data: bytes, random: Random) -> bytes:
    """A piece comes twice."""
    start = a_place(data, random)
    return data[:start] + data[start : start + random.randint(1, 100)] + data[start:]


def moved(data: bytes, random: Random) -> bytes:
    """A piece stands in another place."""
    length = random.randint(1, 64)
    source, target = a_place(data, random), a_place(data, random)
    new = bytearray(data)
    piece = data[source : source + length]
    new[target : target + len(piece)] = piece
    return bytes(new)


def a_number_changed(data: bytes, random: Random) -> bytes:
    """A digit of a text is another one."""
    digits = [i for i, byte in enumerate(data[:4000]) if chr(byte).isdigit()]
    if not digits:
        return flipped(data, random)
    new = bytearray(data)
    new[random.choice(digits)] = ord(random.choice("0123456789"))
    return bytes(new)


KINDS: tuple[Damage, ...] = (
    flipped, overwritten, cut, extended, zeroed, a_piece_less, a_piece_more, moved,
    a_number_changed,
)  # fmt: skip


def damaged(data: bytes, random: Random) -> bytes:
    """One kind of damage, sometimes two."""
    for _ in range(random.choice((1, 1, 1, 2))):
        data = random.choice(KINDS)(data, random) if data else data
    return data
