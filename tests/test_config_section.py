import pytest

from edge.config_section import secret, secrets


def test_a_secret_may_stand_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("hidden\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret("file:key") == "hidden"
    assert secrets(["plain", "file:key", 3]) == ("plain", "hidden", 3)
    with pytest.raises(ValueError, match="cannot be read"):
        secret("file:none")
