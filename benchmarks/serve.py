"""Milliseconds of every page of `gangru serve`, first and second visit, on a workspace that has a factor.

    python benchmarks/serve.py WORKSPACE [--study NAME] [--compare NAME] [--port 8799]

Starts the server, tells when it first answers and when all is made ready, then asks for each page. The processor's time
is the server's own; on a busy machine it says more than the clock's. Memory is the server's peak.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
LIMIT = 1800.0  # seconds for everything to be made ready


def asked(address: str) -> bytes:
    """The body of an answer, redirections followed."""
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own server
        return bytes(answer.read())


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak(pid: int) -> float:
    """Peak memory of a process in GiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 2**20 if found else float("nan")


def first_answer(base: str, begun: float) -> float:
    """Seconds from the start to the first answer."""
    while True:
        try:
            asked(f"{base}/health")
        except OSError:
            time.sleep(0.02)
        else:
            return time.perf_counter() - begun


def ready(base: str, begun: float) -> float:
    """Seconds from the start until nothing is being made ahead any more."""
    quiet = 0
    while time.perf_counter() - begun < LIMIT:
        quiet = quiet + 1 if json.loads(asked(f"{base}/health"))["making"] == 0 else 0
        if quiet == 3:  # between two of the beginning's steps there is nothing in the queue for a moment
            return time.perf_counter() - begun
        time.sleep(1)
    raise SystemExit("not ready in time")


def pages_of(base: str, study: str, other: str) -> dict[str, str]:
    """What is measured: name → path, with dates and stocks as the pages themselves offer them."""
    newest = asked(f"{base}/date").decode()
    dates = sorted(set(re.findall(r'<option value="/date/([0-9-]{10})', newest)))
    oldest = asked(f"{base}/date/{dates[0]}").decode()
    new, old = (re.findall(r'<th scope="row"><a href="/stock/([^?"]+)', page) for page in (newest, oldest))
    industry = re.search(r'href="/industry/([^?"]+)', newest)
    name = industry[1] if industry else ""
    word = urllib.parse.quote("银行")
    return {
        "first page": "/",
        "newest date": f"/date/{dates[-1]}",
        "another date": f"/date/{dates[1]}",
        "date sorted, filtered": f"/date/{dates[len(dates) // 2]}?sort=name&order=desc&only={word}",
        "date as CSV": f"/date/{dates[len(dates) // 2]}?format=csv",
        "stock, newest window": f"/stock/{new[0]}",
        "stock, oldest window": f"/stock/{old[3]}?date={dates[0]}",
        "industry": f"/industry/{name}",
        "industry, oldest date": f"/industry/{name}?date={dates[0]}",
        "comparison": f"/compare?a={study}&b={other}",
        "search": f"/search?q={word}",
        "health": "/health",
    }


def main() -> None:
    """Start, measure, print and end."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--study", default="main")
    parser.add_argument("--compare", default="")
    parser.add_argument("--port", type=int, default=8799)
    given = parser.parse_args()
    base, begun = f"http://127.0.0.1:{given.port}", time.perf_counter()
    command = [sys.executable, "-m", "gangru", "serve", "-C", str(given.workspace), "--study", given.study]
    server = subprocess.Popen([*command, "--port", str(given.port)], stderr=subprocess.DEVNULL)
    try:
        answers = first_answer(base, begun)
        started = processor(server.pid)
        begun_first = time.perf_counter()
        asked(f"{base}/")
        early = time.perf_counter() - begun_first
        done = ready(base, begun)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(
            f"first answer after {answers:.2f} s ({started:.2f} s of processor), first page then {early:.2f} s"
        )
        print(f"all made ready after {done:.0f} s ({processor(server.pid):.0f} s of processor)")
        print(f"{'page':<24}{'first, ms':>12}{'processor':>12}{'again, ms':>12}{'processor':>12}{'KiB':>8}")
        for name, path in pages_of(base, given.study, given.compare or given.study).items():
            figures = []
            for _ in range(2):
                clock, used = time.perf_counter(), processor(server.pid)
                body = asked(base + path)
                figures += [(time.perf_counter() - clock) * 1e3, (processor(server.pid) - used) * 1e3]
            coming = "  (coming)" if b'http-equiv="refresh"' in body[:400] else ""
            print(
                f"{name:<24}"
                + "".join(f"{figure:>12.0f}" for figure in figures)
                + f"{len(body) / 1024:>8.0f}{coming}"
            )
        print(f"peak memory {peak(server.pid):.2f} GiB")
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
