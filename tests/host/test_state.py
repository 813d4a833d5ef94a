import json

import pytest

from edge.host.state import FILE, recall, remember


def written(folder):
    return json.loads((folder / FILE).read_text())["unix_s"]


def test_what_was_is_recalled_with_room_to_spare(tmp_path):
    remember(tmp_path / "deep", {"cam": 17, "other": 0})
    now = written(tmp_path / "deep")
    assert recall(tmp_path / "deep", within_s=30, now=now) == {"cam": 47, "other": 30}
    assert recall(tmp_path / "deep", within_s=30, now=now + 31) == {}


def test_without_a_folder_nothing_is(tmp_path):
    remember(None, {"cam": 1})
    assert recall(None, within_s=30, now=0) == {}
    assert recall(tmp_path, within_s=30, now=0) == {}
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file", {"cam": 1})


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"unix_s": 0}', '{"unix_s": "0", "streams": {}}', '{"unix_s": 0, "streams": []}', "[" * 50_000,
        '{"unix_s": 0, "streams": {"../x": 1, "a b": 1, "cam": -1, "cam2": "1", "cam3": true, "cam4": 1e3, "cam5": 9999999999999}}',
    ],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_passed_over(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert recall(tmp_path, within_s=30, now=1) == {}
