from edge.watch.findings import Finding
from edge.watch.tag_faults import TagFaults


def test_lists_and_values_break_rules_of_their_own():
    faults = TagFaults()
    attributes = faults.attributes("EXT-X-PART", "DURATION=1e5,URI=a, GAP=YES")
    attributes.seconds("DURATION")
    attributes.quoted("URI")
    faults.values("EXT-X-PART", attributes, "LL 18")
    assert [(each.rule, each.check) for each in faults.faults] == [
        ("LL 2", "attribute-list"),
        ("LL 3", "decimal"),
        ("LL 18", "attribute-value"),
    ]


def test_the_first_hundred_are_kept():
    faults = TagFaults()
    for number in range(1000):
        faults.fault(Finding("LL 2", "x", str(number)))
    assert [each.detail for each in faults.faults][-1] == "99"
