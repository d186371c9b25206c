"""Calls to a vendor: paced by endpoint, repeated with growing waits, given up with words and without the token."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gangru.errors import InputError
from gangru.market.sources.vendors.calls import Caller, NotGivenError, Pace, Verdict
from gangru.market.sources.vendors.secret import Secret, secret_from_environment

TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0/+ ="


class Time:
    """A clock that goes on only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def judge(error: Exception) -> Verdict:
    return {"later": Verdict.LATER, "never": Verdict.NEVER}.get(str(error).split()[0], Verdict.AGAIN)


def caller(time: Time, chance: float = 1.0, **paces: Pace) -> Caller:
    return Caller(
        "vendor",
        judge,
        (OSError,),
        Pace(per_minute=60.0, tries=4, first_wait=1.0, longest_wait=3.0),
        paces,
        Secret(TOKEN),
        clock=lambda: time.now,
        sleep=time.sleep,
        chance=lambda: chance,
    )


class Failing:
    """Fails with the given words one after another, then answers."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.words:
            raise OSError(self.words.pop(0))
        return "answer"


def test_an_answer_comes_back_after_failures_that_pass() -> None:
    time, ask = Time(), Failing("line", "line")
    one = caller(time)
    assert one.call("daily", {}, ask) == "answer"
    assert (one.made, one.repeated, ask.asked) == (3, 2, 3)


def test_waits_double_up_to_the_longest() -> None:
    time = Time()
    with pytest.raises(InputError, match="was tried 4 times"):
        caller(time).call("daily", {}, Failing(*["line"] * 9))
    assert time.slept == [1.0, 2.0, 3.0]


def test_chance_leaves_out_up_to_half_of_a_wait() -> None:
    one = caller(Time(), chance=0.0)
    assert one.wait_after(2, Verdict.AGAIN, one.pace) == 1.0
    assert caller(Time(), chance=1.0).wait_after(2, Verdict.AGAIN, one.pace) == 2.0


def test_being_throttled_lets_a_whole_minute_pass() -> None:
    time = Time()
    caller(time).call("daily", {}, Failing("later please"))
    assert time.slept[0] >= 60.0


def test_what_would_be_refused_again_is_asked_once() -> None:
    time, ask = Time(), Failing("never for you", "line")
    with pytest.raises(NotGivenError, match="tried once and refused: OSError: never for you"):
        caller(time).call("daily", {}, ask)
    assert ask.asked == 1
    assert time.slept == []


def test_an_error_that_nobody_named_is_not_caught() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        caller(Time()).call("daily", {}, broken)


def test_our_own_errors_pass_at_once() -> None:
    ask = Failing()

    def broken() -> str:
        ask()
        raise InputError("came without close")

    one = Caller("vendor", judge, (Exception,), sleep=Time().sleep)
    with pytest.raises(InputError, match="came without close"):
        one.call("daily", {}, broken)
    assert ask.asked == 1


def test_the_error_names_vendor_call_arguments_words_and_what_to_do() -> None:
    with pytest.raises(InputError) as caught:
        caller(Time()).call("daily", {"trade_date": "20200102"}, Failing(*["line\n  cut"] * 9))
    assert str(caught.value) == (
        "vendor daily(trade_date=20200102) was tried 4 times and refused: OSError: line cut. Try again later. "
        "The same command goes on where it stopped: what was fetched is kept"
    )
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "spelled",
    [TOKEN, "0f1e2d3c4b5a69788796a5b4c3d2e1f0%2F%2B%20%3D", "0f1e2d3c4b5a69788796a5b4c3d2e1f0%2F%2B+%3D"],
)
def test_no_message_has_the_token(spelled: str) -> None:
    with pytest.raises(InputError) as caught:
        caller(Time()).call("daily", {"slip": spelled}, Failing(*[f"http://vendor/?token={spelled}"] * 9))
    assert TOKEN not in str(caught.value)
    assert spelled not in str(caught.value)
    assert str(caught.value).count("***") == 2
    assert spelled not in repr(caller(Time()))


def test_a_token_comes_out_of_the_environment_alone() -> None:
    secret = secret_from_environment("KEY", "vendor", "on its site", {"KEY": f" {TOKEN}\n"})
    assert secret.reveal() == TOKEN
    assert TOKEN not in f"{secret} {secret!r}"
    with pytest.raises(InputError, match="set the environment variable KEY"):
        secret_from_environment("KEY", "vendor", "on its site", {"KEY": " "})


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["daily", "basic"]), st.floats(0, 30)), min_size=2, max_size=40))
def test_no_minute_sees_more_calls_of_an_endpoint_than_allowed(calls: list[tuple[str, float]]) -> None:
    time, starts = Time(), {"daily": list[float](), "basic": list[float]()}
    one = caller(time, basic=Pace(per_minute=4.0))
    for endpoint, pause in calls:
        time.now += pause
        one.call(endpoint, {}, lambda: None)
        starts[endpoint].append(time.now)
    for endpoint, allowed in (("daily", 60), ("basic", 4)):
        for start in starts[endpoint]:
            assert sum(start <= other < start + 60.0 - 1e-6 for other in starts[endpoint]) <= allowed


def test_one_endpoint_does_not_wait_for_another() -> None:
    time = Time()
    one = caller(time)
    one.call("daily", {}, Failing())
    one.call("basic", {}, Failing())
    assert time.slept == []
    one.call("daily", {}, Failing())
    assert time.slept == [1.0]
