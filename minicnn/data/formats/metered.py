"""A file in memory that is read a few times over and no more (needs errors only).

The tables of a TIFF file say where everything lies. Many entries that point to the same megabyte
make a reader fill the memory from a small file; many strips that do, keep it busy for hours.
"""

from __future__ import annotations

import io

from minicnn.data.picture_error import PictureError

TIMES, AT_LEAST = 4, 1 << 20  # Pillow reads tables twice, and a small file costs nothing


class Metered(io.BytesIO):
    """The bytes ``data``, to be read ``TIMES`` over.

    >>> file = Metered(bytes(AT_LEAST))
    >>> for _ in range(TIMES + 1):
    ...     _ = file.seek(0), file.read()
    >>> file.seek(0), file.read()
    Traceback (most recent call last):
    ...
    minicnn.data.picture_error.PictureError: picture: its parts lie in one another: ...
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._left = TIMES * len(data) + AT_LEAST

    def read(self, size: int | None = -1, /) -> bytes:
        """As every file does it, until too much is asked for."""
        data = super().read(size)
        self._left -= len(data)
        if self._left < 0:
            reason = f"its parts lie in one another: to read them takes {TIMES} times the file"
            raise PictureError("picture", reason)
        return data
