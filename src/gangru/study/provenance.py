"""What made a result: code and packages, for a run's manifest and a report's last page."""

import hashlib
import platform
import subprocess
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gangru import __version__

PACKAGES = ("torch", "numpy", "polars", "deltalake", "scipy", "safetensors")


@cache
def code_version() -> dict[str, str | None]:
    """The package's version, and its commit where it runs from a checkout (with + where files differ from it)."""
    return {"version": __version__, "commit": commit()}


def commit() -> str | None:
    """The checkout's commit, None outside of one."""
    here = Path(__file__).resolve().parent
    try:
        hash_ = git(here, "rev-parse", "HEAD")
        tracked = git(here, "ls-files", "--error-unmatch", __file__)
        changed = git(here, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{hash_[:12]}{'+' if changed else ''}" if tracked else None


def git(where: Path, *arguments: str) -> str:
    """What a git command prints."""
    command = ["git", "-C", str(where), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def package_versions(extras: tuple[str, ...] = ()) -> dict[str, str]:
    """Versions of the packages that numbers depend on, and of these extras where they are installed."""
    found = {name: installed(name) for name in PACKAGES}
    for name in extras:
        with suppress(PackageNotFoundError):
            found[name] = installed(name)
    return found


@cache
def installed(name: str) -> str:
    """A package's version, looked up once: every fold's manifest asks for it."""
    return version(name)


@cache
def source_digest() -> str:
    """SHA-256 of the package's modules as they are on this machine, installed or in a checkout."""
    root, digest = Path(__file__).resolve().parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def processor() -> str:
    """The processor's model as the system names it; its libraries choose their kernels, and so last bits, by it."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
