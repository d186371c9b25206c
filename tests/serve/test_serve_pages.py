"""What the pages say, and what they say to what cannot be shown."""

import csv
import html
import io
import os
import re
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import quote

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_site import BACKWARDS, BREAKOUT, COMMA, FORMULA, HOSTILE, MEDIA, Get, Site, client_of, settled
from starlette.testclient import TestClient

from gangru.serve.desk import Desk
from gangru.study.factor_table import write_frame


def told(answer) -> str:
    """What an error's page says is wrong."""
    return html.unescape(
        re.sub(r"<[^>]+>", "", re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)[1])
    )


def newest(site: Site):
    return site.factor["date"].max()


def saved(ready: Get, path: str, **parameters: str) -> list[dict[str, str]]:
    """The rows of a page of the cross-section as its CSV has them."""
    answer = ready(path, params={**parameters, "format": "csv"})
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def listed(page: str) -> list[str]:
    """The codes in the table of all stocks, in its order."""
    return re.findall(r'<th scope="row"><a href="/stock/([^?"]+)', page.split('id="all"')[1])


class Read(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def stock_with_window(site: Site) -> str:
    return site.factor.filter(pl.col("date") == newest(site))["code"][5]


def test_the_first_page_has_editions_newest_first_and_says_what_is_missing(client: TestClient) -> None:
    page = client.get("/").text
    assert page.index("July 2019") < page.index("June 2019")
    for name in ("2019-06.html", "2019-07.html", "2019-07.xlsx?download", "2019-07.pdf"):
        assert f'href="/files/main/{name}"' in page
    assert "No factor: <code>gangru run --study empty</code>" in page
    assert "Not evaluated: <code>gangru evaluate --study other</code>" in page
    assert "No edition: <code>gangru report --study other</code>" in page


def test_the_first_page_prints_the_evaluations_figures(client: TestClient, site: Site, desk: Desk) -> None:
    headline = desk.study("main").evaluation["headline"]
    page = client.get("/").text
    assert f"{headline['ic_mean']:.2%}".replace("-", "−") in page
    assert f"{headline['icir']:.2f}".replace("-", "−") in page


def test_a_workspace_without_anything_says_how_to_begin(tmp_path) -> None:
    from gangru.study.workspace import init_workspace

    init_workspace(tmp_path / "ws")
    bare = client_of(Desk(tmp_path / "ws"))
    page = bare.get("/")
    assert page.status_code == 200
    assert "<code>gangru report</code>" in page.text
    assert "<code>gangru run</code>" in page.text
    for path in ("/date", "/stock/600519.SH", "/industry/x"):
        answer = bare.get(path)
        assert answer.status_code == 404
        assert "has no factor yet: gangru run" in told(answer)
    assert bare.get("/compare").status_code == 200


def test_the_cross_section_is_whole_and_paged(
    site: Site, ready: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gangru.serve.pages.cross_section.ROWS", 30)
    day = newest(site)
    rows = site.factor.filter(pl.col("date") == day)
    rows = rows.sort("factor", "code", descending=[True, False], nulls_last=True)
    pages = [ready(f"/date/{day}?page={number}").text for number in (1, 2, 3)]
    assert f"stocks with a prediction: {len(rows)}" in pages[0]
    assert [len(listed(page)) for page in pages] == [30, 30, len(rows) - 60]
    assert [code for page in pages for code in listed(page)] == rows["code"].to_list()
    assert ready(f"/date/{day}?page=4").status_code == 404


def test_sorting_is_done_for_every_column_both_ways_with_empty_cells_last(site: Site, ready: Get) -> None:
    day = site.factor["date"].unique().sort()[-3]  # the newest whose month after is whole
    with_empty = set()
    for key in ("rank", "code", "name", "industry", "factor", "percentile", "pret", "ret"):
        for order in ("asc", "desc"):
            values = [row[key] for row in saved(ready, f"/date/{day}", sort=key, order=order)]
            known = [value.removeprefix("'") for value in values if value]
            read = known if key in ("code", "name", "industry") else list(map(float, known))
            assert len(set(read)) > 10, key
            assert read == sorted(read, reverse=order == "desc"), (key, order)
            assert not any(values[len(known) :]), (key, order)
            with_empty |= {key} if len(known) < len(values) else set()
    assert {"rank", "factor", "percentile"} <= with_empty


def test_filtering_finds_code_name_and_industry_in_both_languages(site: Site, ready: Get) -> None:
    day, code = newest(site), site.hostile[HOSTILE]

    def having(asked: str, lang: str = "en") -> list[str]:
        return listed(ready(f"/date/{day}", params={"only": asked, "lang": lang}).text)

    assert having(code[:6]) == having(HOSTILE) == having("SCRIPT") == [code]
    media = [row["code"] for row in saved(ready, f"/date/{day}") if row["industry"] == MEDIA]
    assert len(media) > 1
    for lang in ("en", "zh"):
        assert having(MEDIA, lang) == having("media", lang) == media
    assert "No stock of this date fits." in ready(f"/date/{day}?only=zzzz").text


def test_hostile_names_are_text_everywhere(site: Site, ready: Get) -> None:
    day = newest(site)
    paths = [f"/date/{day}", f"/industry/{quote(COMMA, safe='')}", "/search?q=script", "/search?q=HYPERLINK"]
    paths += ["/search?q=alert", f"/search?q={quote('nobody' + BREAKOUT, safe='')}"]
    paths += [f"/stock/{code}" for code in site.hostile.values()]
    pages = [Read(ready(path).text) for path in paths]
    for page in pages:
        assert not [tag for tag, _ in page.elements if tag == "img"]
        assert not [name for _, given in page.elements for name in given if name.startswith("on")]
        assert [given.get("src") for tag, given in page.elements if tag == "script"] == ["/assets/serve.js"]
        assert "<b>more" not in page.source
    for name, shown_by in ((HOSTILE, 3), (FORMULA, 2), (BACKWARDS, 2), (BREAKOUT, 3)):
        assert sum(name in page.text for page in pages) >= shown_by, name
    assert COMMA in pages[1].text


def test_the_csv_is_no_formula(site: Site, ready: Get) -> None:
    day = site.factor.filter(pl.col("code") == site.hostile[FORMULA])["date"].max()
    answer = ready(f"/date/{day}?format=csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="main-{day}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    named = {row["code"]: row["name"] for row in rows}
    assert named[site.hostile[FORMULA]] == "'" + FORMULA
    assert len(rows) == len(site.factor.filter(pl.col("date") == day))


def test_a_stock_has_its_history_and_its_window(site: Site, ready: Get) -> None:
    code = stock_with_window(site)
    page = ready(f"/stock/{code}").text
    features = site.inputs.workspace.settings.features.names
    assert page.count('class="strip-chart"') == len(features)
    assert "Generated" in page
    assert page.count("<tr") - 1 == len(site.factor.filter(pl.col("code") == code))
    first = site.factor.filter(pl.col("code") == code)["date"].min()
    assert f"The window {first}" in ready(f"/stock/{code}?date={first}").text


def test_a_study_without_a_generator_shows_real_windows_alone(site: Site, ready: Get) -> None:
    page = ready(f"/stock/{stock_with_window(site)}?study=other").text
    assert 'class="strip-chart"' in page
    assert "Generated" not in page


def test_a_fold_without_its_weights_says_so_and_the_page_stands(site: Site, ready: Get) -> None:
    code = stock_with_window(site)
    weights = site.root / "runs" / "main" / "2018-12-31" / "generator.safetensors"
    kept = weights.read_bytes()
    weights.write_bytes(b"no weights")
    os.utime(weights, ns=(1, 1))
    try:
        other = site.factor.filter(pl.col("date") == newest(site))["code"][9]
        page = ready(f"/stock/{other}")
        assert page.status_code == 200
        assert "is no weights file of gangru" in page.text
    finally:
        weights.write_bytes(kept)
    assert ready(f"/stock/{code}").status_code == 200


def test_the_industrys_page_has_its_stocks_and_months(site: Site, ready: Get) -> None:
    page = ready(f"/industry/{quote(COMMA, safe='')}").text
    assert "Month by month" in page
    assert "2019-07" in page.split('id="months"')[1]
    assert page.count("<svg") == 2


def test_two_studies_stand_side_by_side(ready: Get) -> None:
    page = ready("/compare?a=main&b=other").text
    assert "−1.00" in page
    assert "Not evaluated" in page
    assert ready("/compare?a=main&b=main").status_code == 200
    assert "Without a factor" in ready("/compare?a=main&b=empty").text


def test_the_search_finds_codes_names_industries_and_dates(
    site: Site, client: TestClient, ready: Get
) -> None:
    code, day = stock_with_window(site), newest(site)
    name = site.inputs.facts.names_as_of(day).filter(pl.col("code") == code)["name"][0]

    def goes_to(asked: str) -> str:
        return client.get("/search", params={"q": asked}, follow_redirects=False).headers.get("location", "")

    ready("/search?q=a")
    assert goes_to(code) == goes_to(f"  {code.lower()} ") == f"/stock/{code}"
    assert goes_to(code[-2:] + code[:6]) == f"/stock/{code}"
    assert goes_to(str(day)) == f"/date/{day}"
    assert f"/stock/{code}" in ready("/search", params={"q": name}).text or goes_to(name) == f"/stock/{code}"
    assert goes_to("drink & <b>") == f"/industry/{quote(COMMA, safe='')}"
    assert "Nothing has this" in ready("/search?q=zzzz").text
    assert ready("/search?q=").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/stock/999999.SH", 404, "There is no stock 999999.SH"),
        ("/stock/hello", 404, "expected a code such as 600519.SH"),
        ("/stock/%3Cscript%3E", 404, "There is no stock <script>"),
        ("/date/2019-02-30", 400, "2019-02-30 is no date: expected YYYY-MM-DD"),
        ("/date/20190131", 400, "is no date"),
        ("/date/9999-12-31", 404, "is no factor date of study main; the nearest are"),
        ("/date/0001-01-01", 404, "is no factor date of study main; the nearest are"),
        ("/industry/nothing", 404, "There is no industry nothing in the classification sw"),
        ("/compare?a=nobody", 404, "There is no study nobody"),
        ("/?study=nobody", 404, "There is no study nobody"),
        ("/?lang=fr", 400, "lang = fr: expected one of zh, en"),
        ("/search?q=a%00b", 400, "control characters"),
        ("/search?q=" + "x" * 300, 400, "too long"),
        ("/search?q=a&q=b", 400, "given more than once"),
        ("/nope", 404, "There is no page at this address"),
        ("/assets/../desk.py", 404, "There is no page"),
        ("/files/main/2000-01.html", 404, "There is no report 2000-01.html of study main"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_told(ready: Get, path: str, status: int, says: str) -> None:
    answer = ready(path)
    assert answer.status_code == status
    assert says in told(answer)


@pytest.mark.parametrize(
    ("parameters", "status"),
    [("page=0", 404), ("page=99", 404), ("page=-1", 400), ("page=x", 400), ("page=１", 400), ("sort=nobody", 400),
     ("order=up", 400), ("format=exe", 400)],
)  # fmt: skip
def test_a_parameter_of_the_table_that_is_none_is_told(
    site: Site, ready: Get, parameters: str, status: int
) -> None:
    assert ready(f"/date/{newest(site)}?{parameters}").status_code == status


def test_a_date_that_is_no_factor_date_leads_to_the_nearest(site: Site, client: TestClient) -> None:
    day = newest(site)
    answer = client.get(f"/date/{day - timedelta(days=1)}?study=main&lang=en")
    assert answer.status_code == 404
    near = [html.unescape(where) for where in re.findall(r'<li><a href="([^"]+)"', answer.text)]
    assert f"/date/{day}?study=main&lang=en" in near
    assert all(client.get(where).status_code == 200 for where in near)
    code = stock_with_window(site)
    answer = client.get(f"/stock/{code}?date={day - timedelta(days=1)}")
    assert f'href="/stock/{code}?date={day}"' in answer.text


def test_similar_codes_are_offered(site: Site, ready: Get) -> None:
    code = stock_with_window(site)
    wrong = code[:5] + ("1" if code[5] != "1" else "2") + code[6:]
    if wrong not in set(site.inputs.market.codes):
        assert code[:4] in "".join(re.findall(r'<li><a href="/stock/([^"]+)"', ready(f"/stock/{wrong}").text))


def test_the_language_is_the_one_asked_for_and_links_keep_it(site: Site, ready: Get) -> None:
    assert '<html lang="en">' in ready("/").text
    page = ready("/?lang=zh").text
    assert '<html lang="zh-CN">' in page
    assert "工作区" in page
    assert 'href="/compare?lang=zh"' in page
    assert "没有股票" in told(ready("/stock/999999.SH?lang=zh"))


@given(
    st.text(max_size=40),
    st.sampled_from(
        ["/search?q={}", "/stock/{}", "/industry/{}", "/date/{}", "/compare?a={}", "/?study={}", "/?lang={}"]
    ),
)
def test_no_text_breaks_a_page(client: TestClient, text: str, path: str) -> None:
    try:
        asked = quote(text, safe="")
    except UnicodeEncodeError:
        return
    answer = client.get(path.format(asked), follow_redirects=False)
    assert answer.status_code in (200, 303, 307, 400, 404), answer.text
    assert "Traceback" not in answer.text


def test_an_unforeseen_error_gives_a_plain_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("gangru.serve.pages.home.editions", fails)
    answer = client_of(desk, raises=False).get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "the terminal that serves this page says what" in told(answer)
    assert "content-security-policy" in answer.headers


def test_settings_that_are_none_are_told_with_their_name(site: Site, desk: Desk) -> None:
    path = site.root / "studies" / "broken.toml"
    path.write_text("[training]\nseeed = 1\n")
    try:
        client = client_of(desk)
        assert client.get("/").status_code == 200
        answer = client.get("/date?study=broken")
        assert answer.status_code in (404, 500)
        (site.root / "runs" / "broken").mkdir()
        write_frame(site.root / "runs" / "broken" / "factor.parquet", site.factor)
        answer = client.get("/date?study=broken")
        assert answer.status_code == 500
        assert "training.seeed" in told(answer)
        (site.root / "runs" / "broken" / "factor.parquet").write_bytes(b"nothing")
        (site.root / "runs" / "broken" / "evaluation.json").write_text("[]")
        assert "is no evaluation" in client.get("/").text or "cannot be read" in client.get("/").text
    finally:
        path.unlink()
        for file in (site.root / "runs" / "broken").glob("*"):
            file.unlink()
        (site.root / "runs" / "broken").rmdir()


def test_a_new_run_is_seen_without_a_restart(site: Site, client: TestClient, desk: Desk, ready: Get) -> None:
    path = site.root / "runs" / "other" / "factor.parquet"
    kept = path.read_bytes()
    before = ready("/date?study=other").text
    try:
        write_frame(path, site.factor.head(len(site.factor) // 2))
        after = ready("/date?study=other").text
        assert after != before
        assert str(newest(site)) not in after
    finally:
        path.write_bytes(kept)
    settled(desk)
    assert str(newest(site)) in ready("/date?study=other").text


def test_a_new_ingest_is_seen_without_a_restart(
    tmp_path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from gangru.market.schema import TABLES
    from gangru.study.workspace import open_workspace

    root = tmp_path / "ws"
    shutil.copytree(site.root, root)
    own = Desk(root)
    monkeypatch.setattr("gangru.serve.desk.FRESH", 0.001)
    before = own.market(own.study("main"), wait=None)
    assert before is not None
    code = before.names["code"][0]
    store = open_workspace(root).store
    names = store.read("names").with_columns(
        name=pl.when(pl.col("code") == code).then(pl.lit("改名")).otherwise("name")
    )
    store.replace(TABLES["names"], names)
    after = own.market(own.study("main"), wait=None)
    assert after is not None
    assert after.names.filter(pl.col("code") == code)["name"][0] == "改名"


def test_health_is_small_json(client: TestClient, desk: Desk) -> None:
    settled(desk)
    answer = client.get("/health")
    assert answer.json()["status"] == "ok"
    assert answer.json()["study"] == "main"
    assert len(answer.content) < 200
