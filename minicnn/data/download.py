"""A file from the web, whole or not at all (standard library only).

What arrives is kept in ``….part`` until all of it is there, so that a download that broke off goes
on where it stopped. What a server says of itself is checked against what it sends.
"""

from __future__ import annotations

import http.client
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

from minicnn.data.progress import progress_bar
from minicnn.data.unpack import unpack
from minicnn.errors import ConfigError, DataError
from minicnn.version import __version__

# The archive of the well-known exercise with 2000 cats and dogs (65 MB), and the folder in it.
CATS_AND_DOGS = "https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip"
FOLDER = "cats_and_dogs_filtered"
MEGABYTE = 1_000_000
CHUNK = 1 << 16
PATIENCE = 30  # seconds without a byte
USER_AGENT = f"minicnn-textbook/{__version__}"
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


def cats_and_dogs(
    folder: str | os.PathLike[str] = "data",
    url: str = CATS_AND_DOGS,
    at_most: int = 200 * MEGABYTE,
    progress: bool | None = None,
) -> Path:
    """The folder of 3000 photographs, for ``ImageFolder.pair``; downloaded if it is not there.

    It becomes ``folder/cats_and_dogs_filtered``, with ``train`` and ``validation`` in it. Where
    there is no network, put the archive into ``folder`` yourself.
    """
    photographs = Path(folder) / FOLDER
    archive = photographs.with_suffix(".zip")
    if photographs.is_dir():
        return photographs
    if archive.exists():  # put there by hand, and left there
        return unpack(archive, FOLDER, photographs)
    try:
        fetch(url, archive, at_most, progress)
        return unpack(archive, FOLDER, photographs)
    except DataError as error:
        raise DataError(
            f"{error}; or put {FOLDER}.zip, or the folder in it, into {str(archive.parent)!r}"
        ) from error
    finally:
        archive.unlink(missing_ok=True)  # it is unpacked, or of no use


def fetch(url: str, path: Path, at_most: int, progress: bool | None = None) -> None:
    """Put the file at ``url`` at ``path``, going on with what an earlier call left of it."""
    if not url.startswith(("https://", "http://")):
        raise ConfigError(f"expected an address that begins with https://, got {url!r}")
    part = path.with_name(path.name + ".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        total = _receive(url, part, at_most, progress)
        have = part.stat().st_size
        if total is not None and have != total:
            raise http.client.HTTPException(f"a connection that broke off, of {total:,} bytes")
        os.replace(part, path)
    except (OSError, http.client.HTTPException) as error:
        kept = part.stat().st_size if part.is_file() else 0
        go_on = f"; {kept:,} bytes are here, run it again to go on" if kept else ""
        raise DataError(f"expected to download {url}, got {_reason(error)}{go_on}") from error


def _receive(url: str, part: Path, at_most: int, progress: bool | None) -> int | None:
    """Write what the server sends into ``part``; gives the length of it all, if it was said."""
    answer, start, total = _ask(url, part.stat().st_size if part.exists() else 0)
    with answer:
        if url.startswith("https://") and not answer.url.startswith("https://"):
            raise DataError(f"expected {url} to lead to an address with https, got {answer.url}")
        if total is not None and total > at_most:
            raise _too_large(url, f"{total:,}", at_most)
        bar = progress_bar(total, f"downloading {part.stem}", progress, in_bytes=True)
        with part.open("ab" if start else "wb") as file, bar as step:
            step(start)
            have = start
            while chunk := answer.read(CHUNK):
                have += len(chunk)
                if have > at_most:
                    break
                file.write(chunk)
                step(len(chunk))
    if have > at_most:
        part.unlink()  # closed by now: Windows deletes no file that is open
        raise _too_large(url, f"more than {at_most:,}", at_most)
    return total


def _ask(url: str, have: int) -> tuple[http.client.HTTPResponse, int, int | None]:
    """The server's answer, the byte that it begins with, and the length of the whole file.

    It begins after the ``have`` bytes that are here, if the server can do that; else with 0.
    """
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if have and error.code == 416:  # what is here is no beginning of what is there
            error.close()
            return _ask(url, 0)
        raise
    if answer.status == 206 and have:
        piece = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if piece is None or int(piece[1]) != have:
            answer.close()
            return _ask(url, 0)
        return answer, have, int(piece[2])
    length = answer.headers.get("Content-Length", "")
    return answer, 0, int(length) if length.isdigit() else None


def _too_large(url: str, size: str, at_most: int) -> DataError:
    return DataError(f"expected at most {at_most:,} bytes from {url}, got {size}")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"the answer {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"no connection ({error.reason})"
    return str(error) or type(error).__name__
