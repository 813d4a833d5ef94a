"""What can be said of the Containerfile without building it."""

import fnmatch
import json
import re
import shlex
from pathlib import Path

import pytest

from edge.cli import _parser
from edge.config import load

ROOT = Path(__file__).parents[1]
LINES = re.sub(r"\\\n", " ", (ROOT / "Containerfile").read_text()).splitlines()
STEPS = [line.partition(" ")[::2] for line in LINES if line and not line.startswith("#")]
LAST = STEPS[max(at for at, (verb, _) in enumerate(STEPS) if verb == "FROM") :]


def last(verb: str) -> str:
    """The words of the only one of its kind in the image that is shipped."""
    (words,) = [words for one, words in LAST if one == verb]
    return words


def copied() -> list[str]:
    """Out of the checkout."""
    words = [shlex.split(words) for verb, words in STEPS if verb == "COPY" and "--from=" not in words]
    return [source for one in words for source in one[:-1]]


@pytest.mark.parametrize("source", copied())
def test_what_is_copied_is_there_and_not_ignored(source):
    assert (ROOT / source).exists()
    patterns = (ROOT / ".containerignore").read_text().split()
    assert [pattern for pattern in patterns if fnmatch.fnmatch(source, pattern)] == []


def test_it_runs_as_nobody_who_may_anything():
    uid, _, gid = last("USER").partition(":")
    assert int(uid) > 999
    assert int(gid) > 999
    after = [verb for verb, _ in LAST[[verb for verb, _ in LAST].index("USER") :]]
    assert "RUN" not in after
    assert "COPY" not in after


def test_what_is_written_has_a_place_beside_the_root_that_is_read_only():
    environment = dict(word.split("=", 1) for word in shlex.split(last("ENV")))
    folders = json.loads(last("VOLUME"))
    state = load(environment=environment).server.state_dir
    assert {str(state), environment["CACHE_DIRECTORY"]} == set(folders)
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"


def test_its_commands_are_commands_of_ours():
    entry = json.loads(last("ENTRYPOINT"))
    serve = [*entry, *json.loads(last("CMD"))]
    health = json.loads(last("HEALTHCHECK").partition(" CMD ")[2])
    for command in (serve, health):
        assert command[0] == "edge"
        assert str(_parser().parse_args(command[1:]).config) == "/etc/edge/edge.toml"
    assert (serve[1], health[1]) == ("serve", "health")


def test_the_time_to_drain_fits_into_the_time_that_is_granted():
    granted = re.search(r"podman stop -t (\d+)", (ROOT / "Containerfile").read_text())
    assert granted is not None
    assert int(granted[1]) > load(environment={}).server.drain
