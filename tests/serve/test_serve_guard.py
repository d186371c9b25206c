"""Who may ask, how, for which files; and what every answer carries."""

import asyncio
import string
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from small_site import PORT, Site
from starlette.testclient import TestClient

from gangru.serve.app import make_app
from gangru.serve.asked import PageError
from gangru.serve.desk import Desk
from gangru.serve.guard import allowed_hosts
from gangru.serve.pages.files import report_file
from gangru.serve.studies import editions, study_names

PAGES = (
    "/",
    "/date",
    "/compare",
    "/search?q=x",
    "/health",
    "/assets/serve.css",
    "/files/main/2019-07.html",
    "/nope",
)


@pytest.mark.parametrize(
    "host", [f"localhost:{PORT}", f"127.0.0.1:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"]
)
def test_the_machines_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "localhost", "127.0.0.1", f"localhost:{PORT + 1}", f"127.0.0.1.evil.example:{PORT}",
     f"localhost:{PORT}.evil.example", f"0.0.0.0:{PORT}", f"localhost:{PORT}@evil.example", "", f" localhost:{PORT}x"],
)  # fmt: skip
@pytest.mark.parametrize("path", PAGES)
def test_a_foreign_host_reads_nothing(client: TestClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"host": host})
    assert answer.status_code == 421
    assert len(answer.content) < 200


def test_a_port_of_80_needs_not_be_named() -> None:
    assert "localhost" in allowed_hosts(80)
    assert "localhost" not in allowed_hosts(8080)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_only_reading_is_possible(client: TestClient, method: str) -> None:
    for path in PAGES:
        answer = client.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"


def test_head_is_a_page_without_its_body(client: TestClient) -> None:
    for path in ("/", "/health", "/files/main/2019-07.html", "/assets/serve.js"):
        answer = client.head(path)
        assert answer.status_code == 200
        assert answer.content == b""


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_strict_headers(client: TestClient, path: str) -> None:
    headers = client.get(path, follow_redirects=False).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    if not path.startswith("/files/"):
        assert "unsafe" not in policy


def test_a_report_runs_cut_off_from_the_pages(client: TestClient) -> None:
    policy = client.get("/files/main/2019-07.html").headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts ")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy  # and so none: the default


def test_files_are_opened_or_saved(client: TestClient) -> None:
    opened = client.get("/files/main/2019-07.html")
    assert opened.headers["content-type"] == "text/html; charset=utf-8"
    assert opened.headers["content-disposition"].startswith("inline")
    assert opened.content.endswith(b"2019-07.html")
    saved = client.get("/files/main/2019-07.html?download")
    assert saved.headers["content-disposition"] == 'attachment; filename="main-2019-07.html"'
    assert client.get("/files/main/2019-07.xlsx").headers["content-disposition"].startswith("attachment")
    assert client.get("/files/main/2019-07.pdf").headers["content-type"] == "application/pdf"


@pytest.mark.parametrize("path", ["/assets/serve.css", "/assets/serve.js", "/files/main/2019-07.xlsx"])
def test_what_a_browser_has_already_is_not_sent_again(client: TestClient, path: str) -> None:
    tag = client.get(path).headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}'):
        answer = client.get(path, headers={"if-none-match": known})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["etag"] == tag
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_report_written_anew_has_another_tag(client: TestClient, site: Site) -> None:
    path = site.root / "reports" / "main" / "2019-06.html"
    before = client.get("/files/main/2019-06.html").headers["etag"]
    path.write_bytes(path.read_bytes() + b" ")
    assert client.get("/files/main/2019-06.html").headers["etag"] != before


WAYS_OUT = (
    "..%2f..%2fstudy.toml", "%2e%2e/%2e%2e/study.toml", "../study.toml", "..%5c..%5cstudy.toml", "%2fetc%2fpasswd", "//etc/passwd",
    "2019-07.html%00", "2019-07.html/../../../study.toml", "%252e%252e%252fstudy.toml", ".", "..", "", "2019-07.html/", "evaluation.json",
    "2019-07.html::$DATA", "CON", "2019-07.toml", ".2019-07.html.123.part",
)  # fmt: skip


def sent_as_it_is(desk: Desk, path: str) -> tuple[int, bytes]:
    """Status and body for a path that no client has tidied up, as a server hands it to the application."""
    messages: list[dict] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", f"localhost:{PORT}".encode())], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", PORT),
    }  # fmt: skip

    async def receive() -> dict:
        await asyncio.Event().wait()  # nobody hangs up
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        messages.append(message)

    asyncio.run(make_app(desk, PORT)(scope, receive, send))
    return messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:])


@pytest.mark.parametrize("study", ["main", "..", "%2e%2e", "..%2fruns%2fmain", "%00", "", "store", "."])
def test_no_address_leads_out_of_the_reports(desk: Desk, study: str) -> None:
    for name in WAYS_OUT:
        status, body = sent_as_it_is(desk, f"/files/{study}/{name}")
        assert status in (307, 404), name
        assert b"[training]" not in body
        assert b"root:" not in body
    assert sent_as_it_is(desk, "/files/main/2019-07.html")[0] == 200  # so the way of asking is one that works


PIECES = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "\\",
        "%2e",
        "%2f",
        "\x00",
        "main",
        "2019-07",
        ".html",
        "~",
        "study.toml",
        "runs",
        "store",
        " ",
    ]
)
NAMES = st.one_of(
    st.lists(PIECES, max_size=6).map("".join), st.text(max_size=30), st.text(string.printable, max_size=30)
)


EDITIONS = {("main", name) for name in ("2019-06.html", "2019-07.html", "2019-07.xlsx", "2019-07.pdf")}
STUDIES = st.sampled_from(["main", "other", "..", ".", "../runs/main", "../reports/main", "main/."]) | NAMES
FILES = (
    st.sampled_from(
        [
            *sorted(name for _, name in EDITIONS),
            "2019-05.html",
            "../../study.toml",
            "../../2019-07.html",
            "../../runs/main/evaluation.json",
            "../../runs/main/2019-07.html",
            "../../store/industry/_delta_log",
            "../main/2019-07.html",
            "./2019-07.html",
        ]
    )
    | NAMES
)


@pytest.fixture(scope="module")
def decoys(site: Site) -> Iterator[None]:
    """Files named like an edition where no edition lies: a name alone must not be enough."""
    paths = [site.root / "2019-07.html", site.root / "runs" / "main" / "2019-07.html"]
    for path in paths:
        path.write_bytes(b"secret")
    yield
    for path in paths:
        path.unlink()


@pytest.mark.usefixtures("decoys")
@given(study=STUDIES, name=FILES)
@example(study="main", name="2019-07.html")
@example(study="main", name="../../study.toml")
@example(study="..", name="2019-07.html")
@example(study="../runs/main", name="2019-07.html")
def test_whatever_is_asked_for_is_an_edition_or_nothing(site: Site, study: str, name: str) -> None:
    try:
        path, status = report_file(site.root, study, name), 200
    except PageError as error:
        path, status = None, error.status
    if (study, name) in EDITIONS:
        assert path is not None
        assert path.resolve() == (site.root / "reports" / study / name).resolve()
        assert path.is_file()
    else:
        assert (path, status) == (None, 404)


@pytest.mark.usefixtures("decoys")
@given(study=STUDIES, name=FILES)
@example(study="main", name="2019-07.html")
@example(study="main", name="../../study.toml")
@example(study="..", name="2019-07.html")
def test_whatever_is_asked_for_is_answered(site: Site, desk: Desk, study: str, name: str) -> None:
    try:
        path = f"/files/{quote(study, safe='')}/{quote(name, safe='')}"
    except UnicodeEncodeError:  # half of a pair, which no address can hold
        return
    status, body = sent_as_it_is(desk, path)
    if (study, name) in EDITIONS:
        assert status == 200
        assert body == (site.root / "reports" / study / name).read_bytes()
    else:
        assert status in (307, 404)
        assert b"secret" not in body


def test_a_link_that_leads_out_is_no_report(site: Site, client: TestClient, tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("secret")
    link = site.root / "reports" / "main" / "2019-05.html"
    link.symlink_to(secret)
    folder = site.root / "reports" / "outside"
    folder.symlink_to(tmp_path)
    (tmp_path / "2019-04.html").write_text("secret")
    try:
        assert client.get("/files/main/2019-05.html").status_code == 404
        assert client.get("/files/outside/2019-04.html").status_code == 404
    finally:
        link.unlink()
        folder.unlink()


def test_folders_that_are_no_studies_are_not_shown(site: Site) -> None:
    bad = site.root / "reports" / "a b<i>"
    bad.mkdir()
    spelt_otherwise = site.root / "runs" / "Main"
    spelt_otherwise.mkdir(exist_ok=True)
    (bad / "2019-07.html").write_text("x")
    try:
        assert study_names(site.root) == ["main", "empty", "other"]
        assert {one.study for one in editions(site.root, study_names(site.root))} == {"main"}
    finally:
        (bad / "2019-07.html").unlink()
        bad.rmdir()
        with suppress(OSError):  # where it is main itself
            spelt_otherwise.rmdir()
