import logging

import pytest

from edge.web.access_log import AccessLog, Line

LINE = Line("192.0.2.1", "GET", "/live/~secret.token/cam/main.m3u8", 200, 17, 0.5)


async def test_every_request_and_no_token(caplog):
    caplog.set_level(logging.INFO)
    log = AccessLog(1.0)
    log.note(LINE)
    log.flush()
    log.close()
    (record,) = caplog.records
    assert record.message == "web.request"
    assert (record.client, record.path, record.status, record.seconds) == (
        "192.0.2.1",
        "/live/cam/main.m3u8",
        200,
        0.5,
    )


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.1, 100), (1.0, 1000)])
async def test_a_share_of_them(caplog, share, count):
    caplog.set_level(logging.INFO)
    log = AccessLog(share)
    assert log.is_on == (share > 0)
    for _ in range(1000):
        log.note(LINE)
    log.close()
    assert count - 1 <= len(caplog.records) <= count


async def test_what_is_too_much_is_told_and_not_held(caplog):
    caplog.set_level(logging.WARNING)
    log = AccessLog(1.0)
    for _ in range(20_007):
        log.note(LINE)
    log.flush()
    log.close()
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert record.count == 7
