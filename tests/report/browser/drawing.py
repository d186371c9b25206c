"""Waiting for charts, which the page draws while it is read."""

from typing import Any


def wait_until_drawn(page: Any) -> None:
    """Until every chart of the language shown is there."""
    page.wait_for_function("document.documentElement.dataset.charts === 'drawn'")


def wait_for_colour(page: Any, exhibit: str, colour: str) -> None:
    """Until a chart has a mark in a colour."""
    page.locator(exhibit).scroll_into_view_if_needed()
    page.wait_for_function(
        "([exhibit, colour]) => document.querySelector(`${exhibit} svg .role-mark [fill='${colour}']`)",
        arg=[exhibit, colour],
    )
