from bench.soak import not_flat


def rows(count: int = 40, **grows: float) -> list[dict[str, float]]:
    return [
        {
            "after_s": at * 10.0,
            "errors": 0,
            **{
                name: 1000.0 * (1 + grows.get(name, 0) * at / count)
                for name in ("resident_bytes", "tasks", "open_files")
            },
        }
        for at in range(count)
    ]


def test_a_run_that_stays_as_it_is_is_flat() -> None:
    assert not_flat(rows()) == []


def test_what_grows_is_named() -> None:
    for name in ("resident_bytes", "tasks", "open_files"):
        (sentence,) = not_flat(rows(**{name: 0.2}))
        assert sentence.startswith(f"{name} grew from ")


def test_an_error_is_a_fault() -> None:
    told = rows()
    told[3]["errors"] = 2
    assert not_flat(told) == ["2 errors after 30 s"]


def test_warming_up_is_not_growing() -> None:
    told = rows()
    for row in told[:5]:
        row["resident_bytes"] = 500
    assert not_flat(told) == []
