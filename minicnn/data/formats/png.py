"""The one colour of a PNG picture that is transparent (needs nobody).

Pillow compares the colour as it is written in the file with pixels that it has brought to 8 bits.
So the colour has to be brought there too, for pictures of 1, 2, 4 and 16 bits.
"""

from __future__ import annotations

GREY, COLOUR = 0, 2  # kinds of pixels that can have it, by PNG's numbers


def transparent_colour(data: bytes) -> tuple[int, tuple[int, ...]] | None:
    """Bits of a channel, and the transparent colour in 1 or 3 numbers of so many bits."""
    if data[12:16] != b"IHDR":
        return None
    bits, kind = data[24], data[25]
    at = 8
    while data[at + 4 : at + 8] not in (b"IDAT", b"") and kind in (GREY, COLOUR):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"tRNS":
            values = data[at + 8 : at + 8 + (6 if kind == COLOUR else 2)]
            mask = (1 << bits) - 1
            pairs = range(0, len(values), 2)
            return bits, tuple(int.from_bytes(values[i : i + 2], "big") & mask for i in pairs)
        at += 12 + length
    return None


def in_8_bits(bits: int, colour: tuple[int, ...]) -> int | tuple[int, ...]:
    """``colour`` as Pillow has it in ``info``.

    >>> in_8_bits(2, (1,)), in_8_bits(16, (0x1234, 0xFFFF, 0))
    (85, (18, 255, 0))
    """
    levels = tuple(v >> 8 if bits == 16 else v * 255 // ((1 << bits) - 1) for v in colour)
    return levels[0] if len(levels) == 1 else levels
