"""Tables on the page: sorted by a button, filtered, copied."""

import pytest
from hostile_edition import TURNED

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
WITHOUT_CLIPBOARD = (
    "Object.defineProperty(Navigator.prototype, 'clipboard', { get() { return undefined; } });"
)
REFUSING = "Object.defineProperty(Navigator.prototype, 'clipboard', { get() { return { writeText() { return Promise.reject(new Error('no')); } }; } });"


def column(table, place: int) -> list[str]:
    return table.locator(f"tbody tr:not([hidden]) > :nth-child({place})").all_text_contents()


@pytest.fixture
def page(open_page):
    return open_page(**CLIPBOARD)


def unfold(page, key):
    page.locator(f"#exhibit-{key} summary").click()
    return page.locator(f"#exhibit-{key} table")


def test_numbers_sort_from_the_highest_then_the_lowest_then_as_printed_with_the_unknown_last(page):
    table = page.locator("#exhibit-industries table")
    head = table.locator("thead th").nth(3)
    printed = column(table, 4)
    assert printed[0] == "–"  # the small industry leads by the month's IC, its year is not known
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert column(table, 4) == [f"{0.01 * i:.4f}" for i in range(12, -1, -1)] + ["–"]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(table, 4) == [f"{0.01 * i:.4f}" for i in range(13)] + ["–"]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert column(table, 4) == printed


def test_numbers_are_sorted_by_value_not_by_what_is_printed(page):
    table = page.locator("#exhibit-industries table")
    page.locator("#exhibit-industries thead th").nth(4).get_by_role("button").click()
    shown = [float(words.rstrip("%").replace("−", "-")) for words in column(table, 5)]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] > 0 > shown[-1]


def test_words_sort_from_the_first_and_one_column_at_a_time(page):
    table = unfold(page, "long_list")
    heads = table.locator("thead th")
    heads.nth(4).get_by_role("button").click()
    heads.nth(1).get_by_role("button").press("Enter")
    assert heads.nth(1).get_attribute("aria-sort") == "ascending"
    assert table.locator("th[aria-sort]").count() == 1
    codes = column(table, 2)
    assert codes == sorted(codes)
    assert len(codes) == 40
    heads.nth(1).get_by_role("button").press("Space")
    assert column(table, 2) == codes[::-1]


def test_a_third_press_gives_back_the_order_that_was_printed(page):
    table = unfold(page, "months")
    printed = column(table, 1)
    assert printed == sorted(printed, reverse=True)
    head = table.locator("thead th").first.get_by_role("button")
    head.click()
    assert column(table, 1) == printed[::-1]
    head.click()
    head.click()
    assert column(table, 1) == printed


def test_short_tables_have_no_buttons_in_their_heads(page):
    assert page.locator("#exhibit-top_ic_month thead button").count() == 0
    assert page.locator("#exhibit-top thead button").count() == 9


def test_a_filter_shows_the_rows_that_have_every_word_and_says_how_many(page):
    table = unfold(page, "long_list")
    box = page.locator("#exhibit-long_list").get_by_label("筛选")
    count = page.locator("#exhibit-long_list .count")
    assert count.text_content() == "显示40行，共40行"
    box.fill("industry a")
    assert column(table, 4) == ["Industry A"] * 4
    assert count.text_content() == "显示4行，共40行"
    box.fill("industry a 600013")
    assert column(table, 2) == ["600013.SH"]
    box.fill("６０００１３")  # full-width digits, as a Chinese keyboard may give them
    assert column(table, 2) == ["600013.SH"]
    box.fill("nothing has this")
    assert column(table, 2) == []
    assert count.text_content() == "没有匹配的行，共40行"
    assert count.get_attribute("role") == "status"
    box.press("Escape")
    assert len(column(table, 2)) == 40


def test_short_tables_have_no_filter(page):
    assert page.locator("#exhibit-top input").count() == 0


def copied(page, key) -> list[list[str]]:
    page.locator(f"#exhibit-{key} .copy").click()
    page.locator(f"#exhibit-{key} .copy", has_text="已复制").wait_for()
    return lines_of(page.evaluate("navigator.clipboard.readText()"))


def lines_of(words: str) -> list[list[str]]:
    return [line.split("\t") for line in words.rstrip("\n").split("\n")]


def test_a_copy_holds_values_not_what_is_printed(page):
    lines = copied(page, "industries")
    assert lines[0] == page.locator("#exhibit-industries thead th").all_text_contents()
    assert len(lines) == 15
    assert float(lines[2][4]) == pytest.approx(0.03)
    assert lines[1][3] == ""  # not known
    assert "已复制14行" in page.locator("#exhibit-industries .tools [role=status]").text_content()


def test_a_copy_of_a_filtered_table_has_the_rows_shown_in_their_order(page):
    table = unfold(page, "long_list")
    table.locator("thead th").first.get_by_role("button").click()
    page.locator("#exhibit-long_list").get_by_label("筛选").fill("industry b")
    lines = copied(page, "long_list")
    assert [line[0] for line in lines[1:]] == column(table, 1)
    assert all(line[3] == "Industry B" for line in lines[1:])


def test_copied_text_is_never_a_formula(page):
    names = [line[2] for line in copied(page, "top")[1:5]]
    assert names == ["<script>alert(1)</script>", "'=1+1", '\'=HYPERLINK("http://x","y")', TURNED]


@pytest.mark.parametrize("init", [WITHOUT_CLIPBOARD, REFUSING], ids=["absent", "refusing"])
def test_where_the_clipboard_is_withheld_the_old_way_copies(open_page, init):
    page = open_page(init=init, **CLIPBOARD)
    button = page.locator("#exhibit-industries .copy")
    button.click()
    page.locator("#exhibit-industries .copy", has_text="已复制").wait_for()
    assert page.evaluate("document.activeElement.className") == "copy"
    # the clipboard is read where the page's script cannot see that it was withheld
    reader = page.context.browser.new_context(**CLIPBOARD)
    other = reader.new_page()
    other.set_content("<textarea></textarea>")
    other.locator("textarea").focus()
    other.keyboard.press("Control+V")
    lines = lines_of(other.locator("textarea").input_value())
    reader.close()
    assert len(lines) == 15
    assert float(lines[2][4]) == pytest.approx(0.03)
