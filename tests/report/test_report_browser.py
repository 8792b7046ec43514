"""The page in a real browser: its script runs, nothing is logged, and nothing is fetched even if something got in."""

import functools
import http.server
import re
import shutil
import subprocess
import threading

import pytest
from markupsafe import Markup

from astrocnn.report.build import build_report
from astrocnn.report.page import Section, write_page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--window-size=1280,900",
    "--virtual-time-budget=3000",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
]


def rendered(page, profile) -> tuple[str, list[str]]:
    """The page's elements after its script ran, and what was written to the console."""
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


def test_the_script_runs_and_the_console_stays_empty(run, tmp_path):
    dom, console = rendered(build_report(tmp_path, run), tmp_path / "profile")
    assert console == []
    assert '<html lang="en" class="scripted">' in dom  # set by the script, which the content policy lets run
    assert dom.count("<article") == 92  # 60 candidates, 16 galaxies, 8 lenses and 8 that are none


class Counting(http.server.BaseHTTPRequestHandler):
    """Counts requests."""

    def __init__(self, requests, *args):
        self.requests = requests
        super().__init__(*args)

    def do_GET(self):
        self.requests.append(self.path)
        self.send_error(404)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    requests: list[str] = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Counting, requests)) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}", requests
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("guarded", [True, False])
def test_the_content_policy_stops_what_escaping_would_miss(server, tmp_path, guarded):
    """Hostile markup put past the escaping: with the policy nothing is fetched and no script runs, without it both."""
    address, requests = server
    attack = Markup(
        f'<img src="{address}/a"><link rel="stylesheet" href="{address}/b"><iframe src="{address}/c"></iframe>'
        '<p id="target">calm</p><script>document.getElementById("target").textContent = "injected"</script>'
    )
    page = write_page(tmp_path / "index.html", "t", "", [], [], [Section("s", "s", attack)])
    if not guarded:
        page.write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text()))
    dom, console = rendered(page, tmp_path / "profile")
    assert sorted(requests) == ([] if guarded else ["/a", "/b", "/c"])
    assert ('"target">calm' in dom) is guarded
    assert bool([line for line in console if "Content Security Policy" in line]) is guarded
