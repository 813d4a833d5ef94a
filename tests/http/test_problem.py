import json

from edge.errors import BadDirective, Overloaded, Unauthorised
from edge.http.message import Response
from edge.http.problem import method_not_allowed, problem, problem_of


def fields(response: Response) -> dict[str, str]:
    return dict(response.headers)


def test_an_error_becomes_its_status_and_sentence() -> None:
    answer = problem_of(BadDirective("_HLS_msn is no number: leave it out or send an integer"))
    assert answer.status == 400
    assert fields(answer)["Content-Type"] == "application/problem+json"
    assert fields(answer)["Cache-Control"] == "no-store"
    assert json.loads(answer.body[0]) == {
        "type": "about:blank",
        "title": "A delivery directive is malformed",
        "status": 400,
        "detail": "_HLS_msn is no number: leave it out or send an integer",
    }


def test_retry_after_is_told_where_it_is_known() -> None:
    assert fields(problem_of(Overloaded("Come back", retry_after_s=3)))["Retry-After"] == "3"
    assert "Retry-After" not in fields(problem_of(Overloaded("Come back")))


def test_a_missing_token_is_asked_for() -> None:
    assert fields(problem_of(Unauthorised("Send a token")))["WWW-Authenticate"] == "Bearer"


def test_what_a_client_sent_cannot_break_the_document() -> None:
    answer = problem(404, "Not found", 'no "\ud800\n\u20ac" here', cache_control="max-age=1")
    assert json.loads(answer.body[0])["detail"] == 'no "?\n\u20ac" here'
    assert fields(answer)["Cache-Control"] == "max-age=1"


def test_405_names_the_methods_that_work() -> None:
    answer = method_not_allowed("DELETE", "GET, HEAD")
    assert answer.status == 405
    assert fields(answer)["Allow"] == "GET, HEAD"
    assert json.loads(answer.body[0])["detail"].startswith("DELETE does nothing here")
    assert json.loads(method_not_allowed("X" * 99, "GET").body[0])["detail"].startswith("This method")
