"""The size of the pictures in an AV1 stream, as its sequence headers tell it.

The names are those of the AV1 specification, section 5.5.
"""

from __future__ import annotations

from collections.abc import Iterator

from minicnn.data.picture_error import PictureError

SEQUENCE_HEADER = 1
MANY = 1_000  # units in one picture; a few are usual


class Bits:
    """Whole numbers of any number of bits, one after another."""

    def __init__(self, data: bytes) -> None:
        self._bits, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        """The next ``count`` bits, the highest first."""
        self._left -= count
        if self._left < 0:
            raise PictureError("picture", "damaged or cut short (an AV1 header)")
        return self._bits >> self._left & ((1 << count) - 1)


def sizes_in(stream: bytes) -> Iterator[tuple[int, int]]:
    """Width and height from each sequence header of ``stream``."""
    at = 0
    for _ in range(MANY):
        if at >= len(stream):
            return
        head, at = stream[at], at + 1
        at += head >> 2 & 1  # an extension
        size = len(stream) - at
        if head & 2:
            size, at = leb128(stream, at)
        if head >> 3 & 15 == SEQUENCE_HEADER:
            yield size_in(Bits(stream[at : at + min(size, 400)]))
        at += size
    raise PictureError("picture", f"more than {MANY} units of AV1 in one picture")


def leb128(stream: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for place in range(8):
        byte = stream[at + place] if at + place < len(stream) else 0
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise PictureError("picture", "damaged or cut short (an AV1 unit)")


def size_in(header: Bits) -> tuple[int, int]:
    """Width and height from one sequence header.

    >>> size_in(Bits(bytes([0b00011000, 0b00010101, 0b01111111, 0b10111100])))
    (64, 48)
    """
    take = header.take
    take(4)  # seq_profile, still_picture
    if take(1):  # reduced_still_picture_header
        take(5)
    else:
        delay = 0
        if take(1):  # timing_info_present_flag
            take(64)
            if take(1):  # equal_picture_interval, with a number in uvlc
                zeros = 0
                while not take(1):
                    zeros += 1
                take(zeros)
            if take(1):  # decoder_model_info_present_flag
                delay = take(5) + 1
                take(42)
        display = take(1)
        for _ in range(take(5) + 1):  # operating points
            take(12)
            if take(5) > 7:
                take(1)
            if delay and take(1):
                take(2 * delay + 1)
            if display and take(1):
                take(4)
    width_bits, height_bits = take(4) + 1, take(4) + 1
    return take(width_bits) + 1, take(height_bits) + 1
