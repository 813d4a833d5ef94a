from bench.request_heads import av_player, chrome


def test_heads_are_as_long_as_those_of_players_and_no_two_are_the_same() -> None:
    for make, least in ((chrome, 500), (av_player, 250)):
        heads = {make("127.0.0.1:8080", number) for number in range(500)}
        assert len(heads) == 500
        for head in heads:
            assert least < len(head) < 900
            assert head.startswith(b" HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n")
            assert head.endswith(b"\r\n\r\n")
            assert head.count(b"\r\n\r\n") == 1
