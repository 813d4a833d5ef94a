"""Any bytes give a STUN message or our error, and only the right password makes it authentic."""

from contextlib import suppress

from edge.errors import MediaError
from edge.ingest.ice import IceCredentials, IceLite
from edge.ingest.stun import parse_stun

SEEDS = [
    bytes.fromhex(
        "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74"
        "002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020"
        "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
    ),
    bytes.fromhex("000100102112a4420000000000000000000000000006000b6f7572733a74686569727300"),
    bytes.fromhex("001100002112a442000000000000000000000000"),
]
PASSWORD = "another password than that of the seeds"


def target(data: bytes) -> None:
    with suppress(MediaError):
        message = parse_stun(data)
        ice: IceLite[int] = IceLite(IceCredentials("evtj", PASSWORD), "h6vY")
        result = ice.check(message, 1, ("192.0.2.1", 1), now=0.0)
        assert result.reply is None
        assert ice.paths == ()
