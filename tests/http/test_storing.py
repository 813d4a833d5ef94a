import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.storing import UNSAID, Storing, storing

DATE = "Wed, 01 Apr 2026 00:00:00 GMT"
LATER = "Wed, 01 Apr 2026 00:01:00 GMT"


def test_nothing_said():
    assert storing({}) == UNSAID


@pytest.mark.parametrize(
    ("fields", "fresh_s"),
    [
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": "max-age=60, s-maxage=5"}, 5),
        ({"cache-control": 'Max-Age="60"'}, 60),
        ({"cache-control": "max-age=60", "age": "50"}, 10),
        ({"cache-control": "max-age=60", "age": "?"}, 0),
        ({"cache-control": "max-age=60", "expires": DATE, "date": DATE}, 60),
        ({"cache-control": "max-age=60, max-age=70"}, 0),
        ({"cache-control": "max-age=60, max-age=60"}, 60),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=1.5"}, 0),
        ({"cache-control": "max-age"}, 0),
        ({"cache-control": "max-age=" + "9" * 400}, 2**31),
        ({"cache-control": "no-cache, max-age=60"}, 0),
        ({"cache-control": 'x="no-cache, y", max-age=60'}, 60),
        ({"cache-control": "public"}, None),
        ({"expires": LATER, "date": DATE}, 60),
        ({"expires": LATER}, 0),
        ({"expires": "0", "date": DATE}, 0),
        ({"pragma": "no-cache"}, 0),
    ],
)
def test_how_long_it_is_fresh(fields, fresh_s):
    assert storing(fields).fresh_s == fresh_s


@pytest.mark.parametrize(
    ("fields", "may_store"),
    [
        ({"cache-control": "no-store"}, False),
        ({"cache-control": 'private="x", max-age=60'}, False),
        ({"cache-control": "PRIVATE"}, False),
        ({"vary": "*"}, False),
        ({"vary": "Accept-Encoding , *"}, False),
        ({"vary": "Accept-Encoding"}, True),
        ({"cache-control": "x" * 2_000}, False),
    ],
)
def test_whether_it_may_be_kept(fields, may_store):
    assert storing(fields).may_store is may_store


def test_when_stale_may_be_given():
    said = storing({"cache-control": "max-age=1, stale-while-revalidate=5, stale-if-error=60"})
    assert (said.may_be_stale, said.stale_while_revalidate_s, said.stale_if_error_s) == (True, 5, 60)
    for directive in ("must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=1"):
        assert not storing({"cache-control": directive}).may_be_stale


def test_what_is_passed_on():
    assert storing({"cache-control": "max-age=60", "expires": LATER}).cache_control == "max-age=60"
    assert storing({}).cache_control == ""
    assert storing({"expires": LATER, "date": DATE}).cache_control == "max-age=60"
    assert storing({"expires": "never\r\nX: y"}).cache_control == "max-age=0"
    assert (
        storing({"cache-control": "public", "expires": LATER, "date": DATE}).cache_control
        == "public, max-age=60"
    )
    assert (
        storing({"cache-control": "s-maxage=9", "expires": LATER, "date": DATE}).cache_control
        == "s-maxage=9, max-age=60"
    )
    assert storing({"cache-control": "no-cache", "expires": LATER, "date": DATE}).cache_control == "no-cache"
    assert storing({"pragma": "no-cache"}).cache_control == "max-age=0"
    assert storing({"cache-control": "max-age=9", "vary": "*"}).cache_control == "max-age=9, no-store", (
        "Vary is not passed on"
    )


@given(
    st.dictionaries(st.sampled_from(["cache-control", "age", "expires", "date", "vary", "pragma"]), st.text())
)
def test_anything_gives_a_value(fields):
    said = storing(fields)
    assert isinstance(said, Storing)
    assert said.fresh_s is None or said.fresh_s <= 2**31
    assert said.cache_control.isprintable()
