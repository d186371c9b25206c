"""Shared by the market's tests: an object store on loopback."""

from collections.abc import Iterator

import pytest

from object_store import served


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, str]]:
    """One S3-compatible server for all tests that want one; its environment variables."""
    pytest.importorskip("moto", reason="moto is not installed: no object store to write to")
    with served() as environment:
        yield environment


@pytest.fixture
def bucket(server: dict[str, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A URI of the test's own in the server's bucket, reachable by the environment."""
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    return f"s3://market/{abs(hash(request.node.nodeid))}"
