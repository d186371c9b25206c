"""The small workspace's pages as fixtures."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from small_site import Get, Site, client_of, make_site, settled
from starlette.testclient import TestClient

from gangru.serve.desk import Desk, warm_up


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("serve") / "ws")


@pytest.fixture(scope="session")
def desk(site: Site) -> Desk:
    desk = Desk(site.root)
    warm_up(desk)
    return settled(desk)


@pytest.fixture(scope="session")
def client(desk: Desk) -> Iterator[TestClient]:
    with client_of(desk) as opened:
        yield opened


@pytest.fixture
def ready(client: TestClient, desk: Desk) -> Get:
    """A page once all of it is made."""

    def get(path: str, **options: Any) -> Any:
        for _ in range(100):
            answer = client.get(path, **options)
            if 'http-equiv="refresh"' not in answer.text[:400]:
                return answer
            settled(desk)
            time.sleep(0.05)
        raise AssertionError(f"{path} is still coming")

    return get
