from edge.http.message import RequestHead, Response


def test_the_length_of_an_answer_is_that_of_its_buffers() -> None:
    assert Response(200, (), (b"abc", b"", b"de")).content_length == 5
    assert Response(204).content_length == 0


def test_a_request_needs_no_more_than_a_method_and_a_path() -> None:
    head = RequestHead("GET", "/")
    assert (head.query, dict(head.headers)) == ("", {})
