import pytest
from jwt_material import NOW

from edge.auth.claims import Claims
from edge.errors import Forbidden

GOOD = {"action": "play", "stream": "cam", "exp": NOW + 60}


def check(claims, action="play", stream="cam", client="192.0.2.7", now=NOW):
    claims = {key: value for key, value in claims.items() if key != "stream" or value is not None}
    Claims.of(claims, None).check(action, stream, client, now)


def test_what_it_names_is_allowed():
    check(GOOD)
    check({**GOOD, "stream": ["other", "cam"], "action": ["publish", "play"]})
    check({**GOOD, "stream": "*"}, stream="anything")
    check({**GOOD, "action": "admin"}, action="admin", stream="")
    for path in ("/clip.mp4", "/films/one/a.mp4", "/films/one/deep/b.mp4"):
        check({**GOOD, "asset": ["films/one/", "clip.mp4"]}, stream=path)
    check({**GOOD, "asset": "*"}, stream="/anything/at/all")
    check({"action": "admin", "exp": NOW + 1}, action="admin", stream="")


@pytest.mark.parametrize(
    ("claims", "asked", "reason"),
    [
        ({}, {"stream": "camera"}, "another stream"),
        ({}, {"stream": "CAM"}, "another stream"),
        ({}, {"stream": ""}, "another stream"),
        ({}, {"stream": "/cam"}, "another asset"),
        ({"stream": "*"}, {"stream": "/cam"}, "another asset"),
        ({"asset": ["films/one/", "clip.mp4"]}, {"stream": "/films/one"}, "another asset"),
        ({"asset": ["films/one/", "clip.mp4"]}, {"stream": "/films/two/a.mp4"}, "another asset"),
        ({"asset": ["films/one/", "clip.mp4"]}, {"stream": "/clip.mp4/more"}, "another asset"),
        ({"stream": None, "asset": "*"}, {"stream": "cam"}, "another stream"),
        ({}, {"action": "publish"}, "to publish"),
        ({}, {"action": "admin", "stream": ""}, "to admin"),
        ({}, {"now": NOW + 60}, "expired"),
        ({"nbf": NOW + 1}, {}, "not valid yet"),
        ({"addr": "192.0.2.8"}, {}, "another address"),
        ({"addr": ["10.0.0.0/8", "2001:db8::/32"]}, {}, "another address"),
        ({"addr": "192.0.2.7"}, {"client": "unknown"}, "another address"),
    ],
)
def test_nothing_else_is(claims, asked, reason):
    with pytest.raises(Forbidden, match=reason):
        check({**GOOD, **claims}, **asked)


def test_an_address_in_ipv6_clothes_is_the_same():
    check({**GOOD, "addr": "192.0.2.0/24"}, client="::ffff:192.0.2.7")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None}, {"exp": "9999999999"}, {"exp": True}, {"exp": float("inf")}, {"exp": float("nan")}, {"exp": -1},
        {"nbf": "0"}, {"stream": None}, {"stream": 7}, {"stream": []}, {"stream": [None]}, {"stream": {"cam": 1}},
        {"stream": ["cam"] * 65}, {"action": "everything"}, {"action": None}, {"action": ["play", "root"]},
        {"addr": "everywhere"}, {"addr": "10.0.0.1/8"}, {"addr": 7},
    ],
)  # fmt: skip
def test_what_is_malformed_allows_nothing(claims):
    with pytest.raises(Forbidden):
        check({**GOOD, **claims})


def test_no_end_is_no_token():
    with pytest.raises(Forbidden, match="exp"):
        check({"action": "play", "stream": "cam"})
