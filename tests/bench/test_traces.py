import pytest

from bench.traces import MIB, Request, ShortVideos, read_csv, short_videos

SMALL = ShortVideos(assets=200, churn=20)


def test_the_model_is_the_same_for_the_same_seed_and_in_the_order_of_time():
    trace = short_videos(3_000, 7, SMALL)
    assert trace.requests == short_videos(3_000, 7, SMALL).requests
    assert trace.requests != short_videos(3_000, 8, SMALL).requests
    assert len(trace.requests) == 3_000
    times = [request.at_s for request in trace.requests]
    assert times == sorted(times)


def test_every_range_is_within_its_asset_and_heads_are_asked_for_most():
    trace = short_videos(5_000, 1, SMALL)
    for request in trace.requests:
        assert 0 <= request.start < request.stop <= trace.sizes[request.asset]
    starts = sum(request.start == 0 for request in trace.requests)
    later = sum(request.start >= 5 * MIB for request in trace.requests)
    assert starts > 1.5 * later, "most leave early"
    assert any(trace.moovs.get(request.asset) == request.start for request in trace.requests)
    assert any(asset.startswith("clips/new-") for asset in trace.sizes), "uploads come"


def test_a_few_assets_are_most_of_what_is_watched():
    trace = short_videos(5_000, 1, SMALL)
    views: dict[str, int] = {}
    for request in trace.requests:
        views[request.asset] = views.get(request.asset, 0) + (request.start == 0)
    ordered = sorted(views.values(), reverse=True)
    assert sum(ordered[:20]) > 0.35 * sum(ordered)


def test_a_csv_with_and_without_names(tmp_path):
    file = tmp_path / "trace.csv"
    file.write_text("time,key,range\n2.5,b.mp4,bytes=0-99\n1,a.mp4,100-199\n")
    trace = read_csv(file)
    assert trace.requests == [Request(1.0, "a.mp4", 100, 200), Request(2.5, "b.mp4", 0, 100)]
    assert trace.sizes == {"a.mp4": 200, "b.mp4": 100}
    file.write_text('1,"a,b.mp4",0-0\n')
    assert read_csv(file).requests == [Request(1.0, "a,b.mp4", 0, 1)]


@pytest.mark.parametrize(
    ("line", "says"),
    [("1,a", "time,key,range"), ("1,a,5-", "range"), ("1,a,9-3", "range"), ("noon,a,0-1", "time in seconds")],
)
def test_a_bad_row_is_named_by_its_line(tmp_path, line, says):
    file = tmp_path / "trace.csv"
    file.write_text(f"1,a,0-1\n{line}\n")
    with pytest.raises(ValueError, match=f"csv:2: .*{says}"):
        read_csv(file)
