import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.watch.attributes import decimal_float, decimal_integer, parse_attributes


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("007", 7), ("18446744073709551615", 2**64 - 1), ("18446744073709551616", None)]
    + [(bad, None) for bad in ("", "-1", "+1", "1.0", "0x1", "1e3", " 1", "١", "1" * 21)],
)
def test_decimal_integers(text, value):
    assert decimal_integer(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.25", 0.25),
        ("6", 6.0),
        ("1.", None),
        (".5", None),
        ("1e-05", None),
        ("-1.0", None),
        ("", None),
        ("1,5", None),
    ],
)
def test_decimal_floats(text, value):
    assert decimal_float(text) == value


def test_a_list_of_every_type():
    found = parse_attributes('TYPE=PART,URI="a,b=c.m4s",LAST-MSN=7,DURATION=0.25,INDEPENDENT=YES')
    assert found.enumerated("TYPE") == "PART"
    assert found.quoted("URI") == "a,b=c.m4s"
    assert found.integer("LAST-MSN") == 7
    assert found.seconds("DURATION") == 0.25
    assert found.yes("INDEPENDENT")
    assert found.problems == []
    assert found.integer("MISSING") is None


@pytest.mark.parametrize(
    "text",
    ["A=1,A=2", "A=1, B=2", "A =1", "a=1", "A", "A=", '="x"', 'A="x', 'A=x"y"', "A=1,,B=2", "A=one two"],
)
def test_malformed_lists_have_problems(text):
    assert parse_attributes(text).problems


def test_values_of_the_wrong_type_have_problems():
    found = parse_attributes('URI=plain,TYPE="PART",GAP=MAYBE,N=x,D=1e5')
    found.quoted("URI")
    found.enumerated("TYPE")
    found.yes("GAP")
    found.integer("N")
    found.seconds("D")
    assert len(found.problems) == 5


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z0-9-]{1,8}", fullmatch=True), st.text("abc,=; 1", max_size=9), max_size=6
    )
)
def test_what_is_quoted_comes_back(values):
    text = ",".join(f'{name}="{value}"' for name, value in values.items())
    found = parse_attributes(text) if text else parse_attributes("A=1")
    assert found.problems == []
    assert {name: found.quoted(name) for name in values} == values
