"""Downloads, from a real server on this machine that behaves well or badly."""

import io
import os
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from minicnn.data import cats_and_dogs
from minicnn.data.download import fetch
from minicnn.errors import ConfigError, DataError
from minicnn.randomness import generator
from tests.effort import examples
from tests.like_windows import refusing
from tests.systems import needs_proc

CONTENT = generator(0, "test", "download").bytes(300_000)


class Server(ThreadingHTTPServer):
    """Serves ``content``; the switches make it a worse server than it could be."""

    content = CONTENT
    ranges = True  # knows Range
    says_length = True
    stops_after: int | None = None  # bytes of each answer, after which the connection breaks
    lies_about_range = False
    leads_to: str | None = None
    status: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []  # the Range of every request

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/photographs.zip"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        s = self.server
        wanted = self.headers.get("Range")
        s.asked.append(wanted)
        start, total = 0, len(s.content)
        if s.status is not None:
            self.send_error(s.status)
            return
        if s.leads_to is not None and self.path != "/elsewhere":
            self.send_response(302)
            self.send_header("Location", s.leads_to)
            self.end_headers()
            return
        if wanted and s.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= total:
                self.send_error(416)
                return
            said = start + 7 if s.lies_about_range else start
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {said}-{total - 1}/{total}")
        else:
            self.send_response(200)
        if s.says_length:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        stop = None if s.stops_after is None else start + s.stops_after
        self.wfile.write(s.content[start:stop])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def dead_url(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address where nobody listens."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/photographs.zip"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "photographs.zip"


def part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def get(server: Server, path: Path, at_most: int = 1_000_000) -> bytes:
    fetch(server.url, path, at_most)
    assert not part_of(path).exists()
    return path.read_bytes()


# ---- all goes well ---------------------------------------------------------------------------


@pytest.mark.parametrize("says_length", [True, False])
def test_a_whole_file(server: Server, path: Path, says_length: bool) -> None:
    server.says_length = says_length
    assert get(server, path) == CONTENT
    assert server.asked == [None]


def test_a_bar_is_drawn_if_asked_for(
    server: Server, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(server.url, path, 1_000_000, progress=True)
    assert "downloading photographs.zip" in capsys.readouterr().err


def test_one_that_broke_off_goes_on_where_it_stopped(server: Server, path: Path) -> None:
    server.stops_after = 100_000
    with pytest.raises(DataError, match=r"broke off.*100,000 bytes are here, run it again"):
        get(server, path)
    assert part_of(path).read_bytes() == CONTENT[:100_000]
    assert not path.exists()
    server.stops_after = None
    assert get(server, path) == CONTENT
    assert server.asked == [None, "bytes=100000-"]


@given(stops=st.lists(st.integers(1, 150_000), max_size=4))
@examples(10, also_fine=[HealthCheck.function_scoped_fixture])
def test_wherever_it_breaks_off_the_file_is_the_same(
    server: Server, path: Path, stops: list[int]
) -> None:
    for server.stops_after in stops:
        if not path.exists():
            try:
                get(server, path)
            except DataError:
                continue
    server.stops_after = None
    if not path.exists():
        get(server, path)
    assert path.read_bytes() == CONTENT
    path.unlink()


# ---- servers that do less, or worse -------------------------------------------------------------


def begun(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    part_of(path).write_bytes(content)


def test_a_server_without_ranges_sends_it_all_again(server: Server, path: Path) -> None:
    begun(path, b"what is here is not kept, then")
    server.ranges = False
    assert get(server, path) == CONTENT


@pytest.mark.parametrize("surplus", [0, 10])
def test_more_than_there_is_begins_again(server: Server, path: Path, surplus: int) -> None:
    begun(path, CONTENT + b"!" * surplus)
    assert get(server, path) == CONTENT


def test_bytes_from_another_place_are_not_joined(server: Server, path: Path) -> None:
    begun(path, CONTENT[:1000])
    server.lies_about_range = True
    assert get(server, path) == CONTENT
    assert server.asked == ["bytes=1000-", None]


@pytest.mark.parametrize("says_length", [True, False])
def test_too_large_is_refused(server: Server, path: Path, says_length: bool) -> None:
    server.says_length = says_length
    with pytest.raises(DataError, match=r"expected at most 200,000 bytes"):
        get(server, path, at_most=200_000)
    assert not part_of(path).exists()


def test_too_large_in_pieces_is_refused_too(server: Server, path: Path) -> None:
    begun(path, CONTENT[:150_000])
    with pytest.raises(DataError, match=r"expected at most 200,000 bytes"):
        get(server, path, at_most=200_000)


@pytest.mark.parametrize("status", [404, 403, 500])
def test_what_the_server_says_is_told(server: Server, path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(DataError, match=rf"got the answer {status} \w+") as failure:
        get(server, path)
    assert "\n" not in str(failure.value)


def test_a_redirection_is_followed(server: Server, path: Path) -> None:
    server.leads_to = "/elsewhere"
    assert get(server, path) == CONTENT


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "photographs.zip"])
def test_only_the_web_is_asked(path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="https"):
        fetch(url, path, 1000)


def test_a_redirection_to_a_file_is_not_followed(server: Server, path: Path) -> None:
    server.leads_to = "file:///etc/passwd"
    with pytest.raises(DataError, match="got the answer 302"):
        get(server, path)


def test_no_network_is_one_line(dead_url: str, path: Path) -> None:
    with pytest.raises(DataError, match="got no connection") as failure:
        fetch(dead_url, path, 1_000_000)
    assert "\n" not in str(failure.value)


def test_a_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="expected to download"):
        get(server, tmp_path / "file" / "photographs.zip")


# ---- the photographs ----------------------------------------------------------------------------


def archive(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as contents:
        for name, content in files.items():
            contents.writestr(f"cats_and_dogs_filtered/{name}", content)
    return file.getvalue()


def test_the_photographs_arrive_and_stay(server: Server, tmp_path: Path) -> None:
    server.content = archive(**{"train/cats/cat.0.jpg": b"c", "validation/dogs/dog.0.jpg": b"d"})
    folder = cats_and_dogs(tmp_path, server.url)
    assert folder == tmp_path / "cats_and_dogs_filtered"
    assert (folder / "train" / "cats" / "cat.0.jpg").read_bytes() == b"c"
    assert [entry.name for entry in tmp_path.iterdir()] == [folder.name]  # no archive, no leftovers
    assert cats_and_dogs(tmp_path, server.url) == folder
    assert len(server.asked) == 1  # what is there is not fetched again


def test_an_archive_put_there_by_hand_needs_no_network(dead_url: str, tmp_path: Path) -> None:
    by_hand = tmp_path / "cats_and_dogs_filtered.zip"
    by_hand.write_bytes(archive(a=b"a"))
    folder = cats_and_dogs(tmp_path, dead_url)
    assert (folder / "a").read_bytes() == b"a"
    assert by_hand.exists()


def test_without_a_network_the_error_says_what_to_put_where(dead_url: str, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"got no connection.*; or put cats_and_dogs_filtered.zip"
    ) as e:
        cats_and_dogs(tmp_path, dead_url)
    assert repr(str(tmp_path)) in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    "content",
    [b"<html>Please log in</html>", archive(a=b"a" * 99)[:80], b""],
    ids=["a page", "an archive cut short", "nothing"],
)
def test_what_is_no_archive_does_not_stay(server: Server, tmp_path: Path, content: bytes) -> None:
    server.content = content
    with pytest.raises(DataError, match="expected a zip archive"):
        cats_and_dogs(tmp_path, server.url)
    assert list(tmp_path.iterdir()) == []


@needs_proc
def test_what_is_too_large_is_deleted_when_it_is_closed(
    server: Server, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows deletes no file that is open."""
    monkeypatch.setattr(os, "unlink", refusing(os.unlink, paths=1))
    server.says_length = False
    with pytest.raises(DataError, match="more than 1,000"):
        fetch(server.url, path, 1000)
    assert not part_of(path).exists()
