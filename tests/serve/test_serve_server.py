"""The server as a user starts and ends it: on the loopback alone, with errors that say what to do."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from small_site import Site
from typer.testing import CliRunner

from gangru.cli.app import app
from gangru.errors import ServeError
from gangru.serve.server import bound, insist_on_starlette, loopback_socket


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_answers_on_the_loopback_alone_and_ends_with_ctrl_c(site: Site) -> None:
    port = free_port()
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "gangru",
        "serve",
        "-C",
        str(site.root),
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "200"}
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert f"http://localhost:{port}/" in line
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answer:
            assert b'"status":"ok"' in answer.read()
        listening = listening_on(port)
        assert listening in (None, {"0100007F"})
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert process.returncode == 0, rest
    assert rest.strip() == "ended"


def listening_on(port: int) -> set[str] | None:
    """The addresses, as the kernel writes them, on which something listens at this port; None where it does not say."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return None
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


def test_there_is_no_option_for_another_host() -> None:
    options = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    assert "--port" in options
    assert not re.search(r"--(host|bind|address)", options)


def test_a_port_that_is_taken_is_told_with_a_free_one() -> None:
    with loopback_socket(0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            ServeError, match=rf"port {port} of 127\.0\.0\.1 is in use: try --port (\d+)"
        ) as raised:
            loopback_socket(port)
    other = int(re.search(r"--port (\d+)", str(raised.value))[1])
    bound(socket.AF_INET, "127.0.0.1", other).close()


@pytest.mark.parametrize(
    ("system", "option"),
    [("win32", "SO_EXCLUSIVEADDRUSE"), ("linux", "SO_REUSEADDR"), ("darwin", "SO_REUSEADDR")],
)
def test_a_port_is_asked_for_as_the_system_wants_it(
    monkeypatch: pytest.MonkeyPatch, system: str, option: str
) -> None:
    """On Windows SO_REUSEADDR would share a port with another process; the other systems lack the option against it."""
    asked: list[object] = []

    class Told:
        def setsockopt(self, level: int, name: int, value: int) -> None:
            asked.append((level, name, value))

        def bind(self, address: tuple[str, int]) -> None:
            asked.append(address)

        def listen(self, backlog: int) -> None:
            asked.append("listen")

    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", -5, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(socket, "socket", lambda family, kind: Told())
    bound(socket.AF_INET, "127.0.0.1", 80)
    assert asked == [(socket.SOL_SOCKET, getattr(socket, option), 1), ("127.0.0.1", 80), "listen"]


def test_a_folder_that_is_no_workspace_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", "-C", str(tmp_path)])
    assert result.exit_code == 1
    assert "study.toml is not there" in str(result.exception)


def test_a_study_that_is_not_there_is_told_with_those_that_are(site: Site) -> None:
    result = CliRunner().invoke(app, ["serve", "-C", str(site.root), "--study", "nobody"])
    assert isinstance(result.exception, ServeError)
    assert "no study 'nobody' here (main, empty, other)" in str(result.exception)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ServeError, match=r"pip install 'gangru\[serve\]'"):
        insist_on_starlette()


def test_the_command_and_the_application_do_not_load_torch() -> None:
    code = (
        "import sys, gangru.serve.server, gangru.serve.app, gangru.serve.desk; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
