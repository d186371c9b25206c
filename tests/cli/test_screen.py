"""What commands print: nothing of the data steers the terminal, and options that a source has not are refused."""

import io
from pathlib import Path

import pytest
from rich.table import Table
from typer.testing import CliRunner

from gangru.cli import screen
from gangru.cli.app import app
from gangru.cli.screen import Screen, printable
from gangru.cli.sources import print_ingest
from gangru.market.ingest import ingest
from gangru.market.sources.settings import DataSettings
from gangru.market.store import Store
from gangru.study.workspace import init_workspace

EVIL = "a\x1b[31mb\x00\x07\x08\x0b\r\x7f\x9b0mc"
HARMLESS = "a\ufffd[31mb" + "\ufffd" * 7 + "0mc"
BARS = "code,date,open,high,low,close,volume\n"


@pytest.fixture
def screens(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    for name in ("out", "err"):
        monkeypatch.setattr(screen, name, Screen(file=written, highlight=False, width=200))
    return written


def invoke(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def test_control_characters_are_replaced_and_breaks_and_tabs_kept() -> None:
    assert printable(EVIL) == HARMLESS
    assert printable("贵州\t茅台\n[red]é\u00a0") == "贵州\t茅台\n[red]é\u00a0"


def test_a_screen_keeps_its_own_colours_and_lets_no_others_through() -> None:
    written = io.StringIO()
    shown = Screen(file=written, force_terminal=True, color_system="standard", width=200)
    table = Table()
    table.add_column("name")
    table.add_row(f"[red]{EVIL}[/red]")
    shown.print(table)
    shown.print(EVIL, markup=False, soft_wrap=True)
    text = written.getvalue()
    assert "\x1b[31ma\ufffd[31mb" in text
    assert text.count("\x1b[31m") == 1
    assert not set("\x00\x07\x08\x0b\r\x7f\x9b") & set(text)


def test_answers_and_quarantine_show_no_escapes_of_the_data(tmp_path: Path) -> None:
    init_workspace(tmp_path / "w", {})
    (tmp_path / "s.csv").write_text(f"code,name\n600519.SH,{EVIL.replace(chr(13), '')}\nx{chr(27)}[2J,y\n")
    for words in (
        ("ingest", str(tmp_path / "s.csv")),
        ("sql", "select * from securities"),
        ("quarantine", "show"),
    ):
        status, text = invoke(*words, "-C", str(tmp_path / "w"))
        assert status == 0, text
        assert "\x1b" not in text
        assert "\x9b" not in text
    assert "\ufffd[2J" in text


def test_progress_takes_names_as_they_are(screens: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "err", Screen(file=screens, force_terminal=True, width=200))
    with screen.share_progress("ingesting") as on_progress:
        on_progress("reading [/x].csv", 0.5)
    assert "[/x].csv" in screens.getvalue()
    assert "\x1b[?25l" in screens.getvalue()  # the bar's own movements are let through
    assert "\ufffd" not in screens.getvalue()


def test_a_page_goes_to_a_path_with_brackets(tmp_path: Path) -> None:
    init_workspace(tmp_path / "w", {})
    (tmp_path / "b.csv").write_text(BARS + "600519.SH,2020-01-02,10,10,10,10,100\n")
    assert invoke("ingest", str(tmp_path / "b.csv"), "-C", str(tmp_path / "w"))[0] == 0
    (tmp_path / "[").mkdir()
    for option, name in (("--html", "x].html"), ("--markdown", "x].md")):
        status, text = invoke("check", option, str(tmp_path / "[" / name), "-C", str(tmp_path / "w"))
        assert status == 0, text
        assert f"wrote {tmp_path}/[/{name}" in text


@pytest.mark.parametrize(
    ("words", "option", "sources"),
    [
        (("b.csv", "--codes", "600519.SH"), "--codes", "tushare, baostock, akshare"),
        (("files", "b.csv", "--since", "2020-01-02"), "--since", "qlib, tushare, baostock, akshare"),
        (("files", "b.csv", "--until", "2020-01-02"), "--until", "qlib, tushare, baostock, akshare"),
        (("files", "b.csv", "--tables", "bars"), "--tables", "tushare, baostock, akshare"),
        (("qlib", "q", "--codes", "600519.SH"), "--codes", "tushare, baostock, akshare"),
        (("qlib", "q", "--as", "bars"), "--as", "files"),
        (("tushare", "--as", "bars"), "--as", "files"),
        (("simulate", "--since", "2020-01-02"), "--since", "qlib, tushare, baostock, akshare"),
    ],
)
def test_an_option_that_a_source_has_not_is_wrong_usage(
    words: tuple[str, ...], option: str, sources: str, tmp_path: Path
) -> None:
    init_workspace(tmp_path / "w", {})
    status, text = invoke("ingest", *words, "-C", str(tmp_path / "w"))
    plain = " ".join(text.replace("│", " ").split())
    assert status == 2, text
    assert option in plain
    assert f"is for {sources}" in plain


def test_paths_are_refused_by_a_source_that_has_none(tmp_path: Path) -> None:
    init_workspace(tmp_path / "w", {})
    status, text = invoke("ingest", "tushare", "b.csv", "-C", str(tmp_path / "w"))
    assert status == 2, text
    assert "takes no path" in text


def test_an_ingest_of_faulty_rows_alone_says_what_it_did(tmp_path: Path, screens: io.StringIO) -> None:
    store, file = Store.open(tmp_path / "store"), tmp_path / "b.csv"
    good = "600519.SH,2020-01-02,10,10,10,10,100\n"
    file.write_text(BARS + good)
    print_ingest(ingest(file, store, DataSettings()))
    assert "nothing" not in screens.getvalue()
    file.write_text(BARS + good + "600519.SH,2020-01-03,10,10,10,oops,100\n")
    print_ingest(ingest(file, store, DataSettings()))
    assert "nothing new but rows in quarantine" in screens.getvalue()
    assert "nothing in the store has changed" not in screens.getvalue()
    print_ingest(ingest(file, store, DataSettings()))
    assert "nothing in the store has changed" in screens.getvalue()
