"""The archive holds an edition whole or not at all, whoever is killed or writes beside, and knows what was changed."""

import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_archive import FIRST, LATER, make_made, with_rank_ic
from made_up_edition import make_evaluation, month_names

from gangru import atomic
from gangru.atomic import ABANDONED, remove_abandoned, write_directory
from gangru.errors import EditionError
from gangru.study.editions.archive import (
    add_files,
    edition_directory,
    issued_editions,
    months_issued,
    put_edition,
    revisions,
)
from gangru.study.editions.copies import put_out
from gangru.study.editions.figures import canonical, figures_of
from gangru.study.editions.issuing import publish
from gangru.study.editions.record import IssuedEdition
from gangru.study.editions.verifying import verify

STEPS = ("mkdir", "open", "chmod", "rename", "replace", "unlink")  # of Path; fsync beside them
FILES = {"2020-07.html": b"html of revision 1, 0.1011", "2020-07.json": b"json of revision 1, 0.1011"}


def dying_at(step: int, work: Callable[[], None]) -> bool:
    """Run the work in a process that dies, as if by SIGKILL, before its file operation of that number; whether it did."""
    child = os.fork()
    if child == 0:
        count = 0

        def counted(operation: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                nonlocal count
                if count == step:
                    os._exit(9)
                count += 1
                return operation(*args, **kwargs)

            return call

        try:
            for name in STEPS:
                setattr(Path, name, counted(getattr(Path, name)))
            os.fsync = counted(os.fsync)
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


@pytest.fixture
def edition(tmp_path: Path) -> tuple[IssuedEdition, bytes]:
    """An edition and its figures, as they were put into some other archive."""
    published = publish(tmp_path / "elsewhere", make_made(), at=FIRST)
    assert published.edition is not None
    shutil.rmtree(tmp_path / "elsewhere")
    return published.edition, canonical(figures_of(make_evaluation()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_whoever_is_killed_while_issuing_leaves_the_edition_issued_or_not(
    tmp_path: Path, edition: tuple[IssuedEdition, bytes]
) -> None:
    record, figures = edition
    seen, step = set(), 0
    while True:
        reports = tmp_path / str(step)

        def work(reports: Path = reports) -> None:
            put_edition(reports, record, figures, FILES)
            put_out(reports, record, [], list(FILES))

        killed = dying_at(step, work)
        found = issued_editions(reports)
        assert found in ([], [record])
        assert verify(reports)[1] == []
        for copy in reports.glob("2020-07.*"):
            assert copy.read_bytes() == FILES[copy.name]
        seen.add(len(found))
        published = publish(reports, make_made(), at=LATER)
        assert published.edition is not None
        assert published.edition.issued_at == ("2020-08-05T09:30:00Z" if found else "2020-09-04T09:30:00Z")
        assert verify(reports) == (4, [])
        assert {p.name for p in reports.iterdir() if not p.name.startswith(".")} == {*FILES, "issued"}
        assert {p.name for p in published.paths} == set(FILES)
        if not killed:
            break
        step += 1
    assert step > 15
    assert seen == {0, 1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_whoever_is_killed_while_adding_a_rendering_leaves_it_added_or_not(tmp_path: Path) -> None:
    step, killed = 0, True
    while killed:
        reports = tmp_path / str(step)
        issued = publish(reports, make_made(), at=FIRST).edition
        assert issued is not None

        def work(reports: Path = reports, issued: IssuedEdition = issued) -> None:
            add_files(reports, issued, {"2020-07.pdf": b"pdf"}, LATER)

        killed = dying_at(step, work)
        (found,) = issued_editions(reports)
        assert [name for name in found.files if name.endswith("pdf")] in ([], ["added-001/2020-07.pdf"])
        assert verify(reports)[1] == []
        step += 1
    assert step > 5


def test_what_a_killed_writer_left_is_never_listed_and_goes_after_an_hour(tmp_path: Path) -> None:
    month = tmp_path / "issued" / "2020-07"
    left, fresh = month / ".001.aaaa.part", month / ".001.bbbb.part"
    for folder in (left, fresh):
        folder.mkdir(parents=True)
        (folder / "edition.json").write_text("{")
        (folder / "edition.json").chmod(0o444)
    old = time.time() - ABANDONED - 60
    os.utime(left, (old, old))
    assert issued_editions(tmp_path) == []
    assert months_issued(tmp_path) == []
    assert verify(tmp_path) == (0, [])
    publish(tmp_path, make_made(), at=FIRST)
    assert sorted(p.name for p in month.iterdir()) == [".001.bbbb.part", "001"]
    assert remove_abandoned(month, time.time() + 2 * ABANDONED) == [fresh]
    assert [one.revision for one in issued_editions(tmp_path)] == [1]


def as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system delete no file that is read-only."""
    unlink = os.unlink

    def refusing(path: str, *, dir_fd: int | None = None) -> None:
        if not os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_mode & 0o200:
            raise PermissionError(13, "Access is denied", path)
        unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", refusing)


def abandoned(folder: Path, name: str) -> Path:
    """A folder with a read-only file, as a writer left it that was killed long ago."""
    left = folder / f".{name}.aaaa.part"
    left.mkdir(parents=True)
    (left / "edition.json").write_text("{")
    (left / "edition.json").chmod(0o444)
    os.utime(left, (0, 0))
    return left


def test_read_only_files_are_deleted_where_the_system_insists_on_writable_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = abandoned(tmp_path, "001")
    as_on_windows(monkeypatch)
    assert remove_abandoned(tmp_path) == [left]
    assert not left.exists()


def test_what_cannot_be_deleted_is_not_told_as_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, held = abandoned(tmp_path, "001"), abandoned(tmp_path, "002")
    unlink = os.unlink

    def refusing(path: str, *, dir_fd: int | None = None) -> None:
        if os.path.samestat(os.stat(path, dir_fd=dir_fd), held_file):
            raise PermissionError(13, "used by another process", path)
        unlink(path, dir_fd=dir_fd)

    held_file = (held / "edition.json").stat()
    monkeypatch.setattr(os, "unlink", refusing)
    assert remove_abandoned(tmp_path) == [one]
    assert (held / "edition.json").exists()


def test_a_folder_that_another_process_renames_meanwhile_is_none_that_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, taken = abandoned(tmp_path, "001"), abandoned(tmp_path, "002")
    look = atomic.Path.lstat

    def late(path: Path) -> os.stat_result:
        if path == taken:
            path.rename(tmp_path / "002")
        return look(path)

    monkeypatch.setattr(atomic.Path, "lstat", late)
    assert remove_abandoned(tmp_path) == [left]
    assert (tmp_path / "002" / "edition.json").exists()


def test_a_folder_is_written_once(tmp_path: Path) -> None:
    write_directory(tmp_path / "a", {"x": b"1"})
    with pytest.raises(FileExistsError):
        write_directory(tmp_path / "a", {"x": b"2"})
    (tmp_path / "b").mkdir()
    with pytest.raises(FileExistsError):
        write_directory(tmp_path / "b", {"x": b"2"})
    (tmp_path / "c").write_text("a file")
    with pytest.raises(FileExistsError):
        write_directory(tmp_path / "c", {"x": b"2"})
    assert (tmp_path / "a" / "x").read_bytes() == b"1"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c"]


@pytest.mark.parametrize("prepare", [lambda monkeypatch: None, as_on_windows], ids=["here", "windows"])
def test_two_that_rename_at_once_get_one_folder_and_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """The other process renames between our look and our rename."""
    prepare(monkeypatch)
    whole = atomic.Path.rename

    def late(beside: Path, target: Path) -> Path:
        monkeypatch.setattr(atomic.Path, "rename", whole)
        write_directory(target, {"x": b"theirs"})
        return whole(beside, target)

    monkeypatch.setattr(atomic.Path, "rename", late)
    with pytest.raises(FileExistsError):
        write_directory(tmp_path / "a", {"x": b"ours"})
    assert (tmp_path / "a" / "x").read_bytes() == b"theirs"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def race(reports: str, number: int, gate: Any, answers: Any) -> None:
    """Issue the same months as another process at the same moments, some with figures of our own."""
    for nth, month in enumerate(month_names(12)):
        evaluation = with_rank_ic("2019-02", number / 100) if nth % 2 else make_evaluation()
        made = make_made(evaluation, month)
        gate.wait(120)
        try:
            edition = publish(Path(reports), made, at=FIRST if number else LATER).edition
            answers.put((month, number, None if edition is None else edition.issued_at))
        except EditionError:
            answers.put((month, number, "refused"))


def test_two_processes_that_issue_a_month_at_once_give_one_edition(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(2), context.Queue()
    processes = [context.Process(target=race, args=(str(tmp_path), n, gate, answers)) for n in (0, 1)]
    for process in processes:
        process.start()
    got = [answers.get(timeout=240) for _ in range(24)]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    for nth, month in enumerate(month_names(12)):
        told = {answer for m, _, answer in got if m == month}
        (edition,) = revisions(tmp_path, month)
        assert told == ({edition.issued_at, "refused"} if nth % 2 else {edition.issued_at})
    assert verify(tmp_path)[1] == []


def flip(path: Path, at: int = 10) -> None:
    """Change one byte of a read-only file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("name", ["2020-07.html", "figures.json", "added-001/2020-07.pdf"])
def test_a_flipped_byte_is_found_and_named(tmp_path: Path, name: str) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    publish(tmp_path, make_made(formats=("html", "json", "pdf")), at=LATER)
    assert verify(tmp_path) == (5, [])
    changed = edition_directory(tmp_path, "2020-07", 1) / name
    flip(changed)
    _, faults = verify(tmp_path)
    assert [(fault.path, fault.what) for fault in faults] == [(changed, "changed since it was issued")]
    with pytest.raises(EditionError, match=r"is not what was issued"):
        publish(tmp_path, make_made(formats=("html", "json", "pdf")), at=LATER)


def test_a_record_that_was_rewritten_is_found(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    record = edition_directory(tmp_path, "2020-07", 1) / "edition.json"
    record.chmod(0o644)
    record.write_text(record.read_text().replace("2020-08-05T", "2020-08-01T"))
    _, faults = verify(tmp_path)
    assert [fault.path for fault in faults] == [record]


def test_a_missing_file_a_foreign_copy_and_an_unreadable_record_are_found(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    publish(tmp_path, make_made(month="2020-06"), at=FIRST)
    (tmp_path / "2020-07.html").write_text("not what was issued")
    (tmp_path / "2020-07.json").unlink()
    gone = edition_directory(tmp_path, "2020-07", 1) / "2020-07.json"
    gone.unlink()
    broken = edition_directory(tmp_path, "2020-06", 1) / "edition.json"
    broken.chmod(0o644)
    broken.write_text("{")
    _, faults = verify(tmp_path)
    assert {fault.path for fault in faults} == {broken, gone, tmp_path / "2020-07.html"}
    with pytest.raises(EditionError, match="bring it back from a copy"):
        issued_editions(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("files", {"../../../etc/passwd": "0" * 64}),
        ("files", ["figures.json"]),
        ("picks", [{"rank": 1}]),
        ("picks", 3),
        ("revision", "1"),
        ("inputs", {"code": {}}),
        ("headline", None),
        ("schema_version", 99),
        ("surprise", 1),
    ],
)
def test_a_record_that_is_none_is_refused_by_name(tmp_path: Path, field: str, value: object) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    record = edition_directory(tmp_path, "2020-07", 1) / "edition.json"
    record.chmod(0o644)
    record.write_text(json.dumps(json.loads(record.read_text()) | {field: value}))
    with pytest.raises(
        EditionError, match=r"edition\.json cannot be read as the record of an issued edition"
    ):
        issued_editions(tmp_path)


def test_a_folder_that_was_renamed_is_no_other_edition(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    (tmp_path / "issued" / "2020-07").rename(tmp_path / "issued" / "2020-08")
    with pytest.raises(EditionError, match="moved or renamed"):
        issued_editions(tmp_path)


def test_what_is_no_edition_in_the_archive_is_no_edition(tmp_path: Path) -> None:
    publish(tmp_path, make_made(), at=FIRST)
    for name in (".DS_Store", "notes", "2020-13", "2020-7"):
        (tmp_path / "issued" / name).mkdir()
    (tmp_path / "issued" / "2020-07" / "2").mkdir()
    (tmp_path / "issued" / "2020-07" / "002").write_text("a file")
    assert months_issued(tmp_path) == ["2020-07"]
    assert [one.revision for one in issued_editions(tmp_path)] == [1]
    with pytest.raises(EditionError, match="002 is in the way"):
        publish(tmp_path, make_made(), at=LATER, reason="again")
