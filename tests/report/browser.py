"""A real browser, without a window: pages opened, looked at, walked through with the keyboard.

Chromium is spoken to in its own protocol over two pipes (--remote-debugging-pipe), so nothing
has to be installed but the browser itself.
"""

from __future__ import annotations

import base64
import io
import json
import os
import select
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from PIL import Image

from tests.patience import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip

# Chromium reads file 3 and writes file 4: this puts the two pipes there and becomes Chromium.
STARTER = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_browser() -> str | None:
    """The first of the known browsers that is installed; CHROMIUM names another."""
    if find_spec("fcntl") is None:  # Windows hands no pipes to a child under their numbers
        return None
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A ``with`` block in which ``open``, ``look`` and the like work on one tab."""

    def __init__(self, program: str, profile: Path) -> None:
        to_it, ours_out = os.pipe()
        ours_in, from_it = os.pipe()
        command = [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]

        starter = [sys.executable, "-c", STARTER, str(to_it), str(from_it), *command]
        self.process = subprocess.Popen(
            starter, pass_fds=(to_it, from_it), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_it)
        os.close(from_it)
        self.out, self.inn = ours_out, ours_in
        self.buffer, self.number, self.session = b"", 0, ""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        try:
            targets = self.ask("Target.getTargets")["targetInfos"]
            page = next(target for target in targets if target["type"] == "page")
            self.session = self.ask(
                "Target.attachToTarget", targetId=page["targetId"], flatten=True
            )["sessionId"]  # fmt: skip
            for domain in ("Page", "Runtime", "Network", "Log"):
                self.ask(f"{domain}.enable")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        os.close(self.out)
        os.close(self.inn)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    # ---- the protocol ----------------------------------------------------------------------------

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one request and wait for its answer; what else is heard is kept in ``events``."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            heard = self.hear()
            if heard.get("id") == self.number:
                assert "error" not in heard, f"{method}: {heard['error']}"
                return heard["result"]
            self.events.append(heard)

    def hear(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.inn], [], [], max(until - time.monotonic(), 0))
            piece = os.read(self.inn, 1 << 20) if ready else b""
            assert piece, f"the browser says nothing (exit code {self.process.poll()})"
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    # ---- what a person does ----------------------------------------------------------------------

    def open(
        self, page: Path, width: int = 1280, height: int = 900, dark: bool = False, scale: float = 1
    ) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.ask("Page.navigate", url=page.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.hear())

    def evaluate(self, expression: str) -> Any:
        """What a line of JavaScript gives; the page's own policy does not bind the tools."""
        said = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def screenshot(self, whole: bool = False, clip: dict[str, float] | None = None) -> bytes:
        options: dict[str, Any] = {"captureBeyondViewport": True} if whole or clip else {}
        if whole:
            size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"]}
        if clip:
            options["clip"] = {**clip, "scale": 1}
        return base64.b64decode(self.ask("Page.captureScreenshot", **options)["data"])

    def pixels(self) -> np.ndarray:
        """What is to be seen without scrolling, (H, W, 3)."""
        return np.asarray(Image.open(io.BytesIO(self.screenshot())).convert("RGB"))

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )
