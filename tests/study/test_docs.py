"""What the documents say is so: commands exist, settings exist, files exist."""

import re
import tomllib
from pathlib import Path

from typer.main import get_command

from gangru.cli.app import app
from gangru.study.settings import StudySettings, plain_settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    commands = get_command(app).commands
    seen = set()
    for page in PAGES:
        for word in re.findall(r"`gangru ([a-z][a-z-]*)", page.read_text()):
            assert word in commands, f"{page.name}: gangru {word}"
        for line in re.findall(r"gangru ([a-z][^`\n#]*)", page.read_text()):
            words = line.split()
            if words[0] not in commands:  # prose
                continue
            seen.add(words[0])
            command, rest = commands[words[0]], words[1:]
            if f"`gangru {line}`" in page.read_text() and hasattr(command, "commands") and rest:
                parts = [part for part in rest[0].split("|") if not part.startswith("-")]
                assert set(parts) <= set(command.commands), f"{page.name}: gangru {line}"
            if rest and rest[0] in getattr(command, "commands", {}):
                command, rest = command.commands[rest[0]], rest[1:]
            options = {name for p in command.params for name in p.opts}
            for word in rest:
                if word.startswith("--"):
                    assert word.split("=")[0].rstrip(".,;)") in options, f"{page.name}: gangru {line}"
    assert {"init", "ingest", "run", "evaluate", "report"} <= seen


def test_commands_in_code_blocks_are_commands() -> None:
    commands = get_command(app).commands
    for page in PAGES:
        for block in re.findall(r"```(?:sh|bash|console)?\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.splitlines():
                if match := re.match(r"(?:\$ )?gangru ([a-z-]+)", line):
                    assert match[1] in commands, f"{page.name}: {line}"


def test_settings_named_in_the_documents_exist() -> None:
    plain = plain_settings(StudySettings())
    for page in PAGES:
        for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)(?: ?=[^`]*)?`", page.read_text()):
            if section in plain:
                assert key in plain[section], f"{page.name}: {section}.{key}"


def test_links_between_documents_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_torch_is_pinned_in_the_lock_and_ranged_in_the_project() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "\ntorch==2.13.0\n" in lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {re.split(r"[=<>@ ]", line)[0].lower() for line in lock.splitlines() if line and line[0] != "#"}
    for dependency in project["dependencies"]:
        name = re.split(r"[=<>]", dependency)[0].lower()
        assert name in pinned, name
        assert "==" not in dependency
