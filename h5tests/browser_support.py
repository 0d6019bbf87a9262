"""A headless Chromium by its WebDriver, over plain HTTP, and a server for the page and for files."""

import base64
import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

import pytest
from filter_support import BUILD

BROWSER = BUILD.parent / f"{BUILD.name}-browser"  # what scripts/browser has built
PACKAGE, PAGE = BROWSER / "package", BROWSER / "page"
WITH_JXL = (PACKAGE / "h5prism-jxl.wasm").exists()
needs_build = pytest.mark.skipif(
    not (PAGE / "package" / "h5prism.wasm").exists(), reason="scripts/browser has not been run"
)

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that W3C gave to references of elements
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
]

# How long the main thread did not answer at most, in milliseconds.
WATCH = """
window.worst = 0;
let before = performance.now();
setInterval(() => {
    const now = performance.now();
    window.worst = Math.max(window.worst, now - before - 10);
    before = now;
}, 10);
window.longTasks = [];
new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => window.longTasks.push(duration)))
    .observe({ type: "longtask", buffered: true });
"""

# What was drawn is to be seen.
TWO_FRAMES = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]));"


def programs():
    """Paths of a browser and its driver, or None."""
    browser = next(filter(None, map(shutil.which, CHROMIUM)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of two folders, with ranges; /plain/ has none."""

    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".wasm": "application/wasm",
    }

    def __init__(self, *arguments, files, sent, asked, **keywords):
        self.files, self.sent, self.asked = files, sent, asked
        super().__init__(*arguments, **keywords)

    def translate_path(self, path):
        found = re.match(r"/(files|plain)/([^/?]+)", path)
        return str(self.files / found[2]) if found else super().translate_path(path)

    def do_GET(self):
        self.asked.append(self.path)
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not found or not self.path.startswith("/files/"):
            return super().do_GET()
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        first, last, size = int(found[1]), int(found[2]), path.stat().st_size
        with open(path, "rb") as file:
            file.seek(first)
            part = file.read(last - first + 1)
        self.sent.append(len(part))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{size}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def end_headers(self):
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_):
        pass


class Server:
    """Serves the page's folder, and `files` under /files/ and /plain/."""

    def __init__(self, page, files):
        self.sent, self.asked = [], []  # bytes of each part of a file, and paths
        handler = partial(
            Handler, directory=str(page), files=Path(files), sent=self.sent, asked=self.asked
        )
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Browser:
    def __init__(self, width=1280, height=800, dark=False):
        browser, driver = programs()
        self.process = subprocess.Popen(
            [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for line in self.process.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                self.base = f"http://127.0.0.1:{found[1]}"
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        arguments = [*OPTIONS, f"--window-size={width},{height}"]
        arguments += ["--blink-settings=preferredColorScheme=0"] if dark else []
        chrome = {"binary": browser, "args": arguments}
        asked = {
            "browserName": "chrome",
            "goog:chromeOptions": chrome,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        made = self.request("POST", "/session", {"capabilities": {"alwaysMatch": asked}})
        self.session = f"/session/{made['sessionId']}"

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=1800) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def post(self, path, **body):
        return self.request("POST", self.session + path, body)

    def close(self):
        try:
            self.request("DELETE", self.session)
        finally:
            self.process.terminate()
            self.process.wait()

    def go(self, address):
        self.post("/url", url=address)
        self.run(WATCH)

    def run(self, script, *arguments):
        return self.post("/execute/sync", script=script, args=list(arguments))

    def find(self, selector):
        return self.post("/element", using="css selector", value=selector)[ELEMENT]

    def click(self, selector):
        self.post(f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.post(f"/element/{self.find(selector)}/value", text=text)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def wait(self, script, seconds=30):
        """Until the script gives something true, which is returned."""
        end = time.monotonic() + seconds
        while not (found := self.run(script)):
            if time.monotonic() > end:
                raise TimeoutError(f"{script}\n{self.text('body')}\n{self.log()}")
            time.sleep(0.03)
        return found

    def log(self):
        return [entry["message"] for entry in self.post("/se/log", type="browser")]

    def resize(self, width, height):
        self.post("/window/rect", width=width, height=height)

    def screenshot(self, path):
        Path(path).write_bytes(base64.b64decode(self.request("GET", f"{self.session}/screenshot")))

    # ---- The page

    def open_file(self, path):
        """By the file picker."""
        before = self.drawn()
        self.type("#file", str(path))
        return before

    def drawn(self):
        return int(self.run("return document.body.dataset.drawn ?? 0"))

    def wait_drawn(self, before, seconds=60):
        self.wait(f"return Number(document.body.dataset.drawn ?? 0) > {before}", seconds)
        self.post("/execute/async", script=TWO_FRAMES, args=[])
