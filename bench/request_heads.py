"""Request heads as long as those of real players; no two viewers send quite the same one."""

import uuid

_SYSTEMS = (
    ("Windows NT 10.0; Win64; x64", "Windows"),
    ("Macintosh; Intel Mac OS X 10_15_7", "macOS"),
    ("X11; Linux x86_64", "Linux"),
    ("Linux; Android 10; K", "Android"),
)
_LANGUAGES = (
    "en-GB,en;q=0.9",
    "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
    "fr-FR,fr;q=0.9,en;q=0.8",
    "pt-BR,pt;q=0.9",
)


def chrome(host: str, number: int, *, encodings: str = "gzip, deflate, br, zstd") -> bytes:
    """What follows the target in the request line when hls.js asks in Chrome, the empty line included."""
    system, platform = _SYSTEMS[number % len(_SYSTEMS)]
    version = 140 + number % 9
    mobile = "?1" if platform == "Android" else "?0"
    return (
        f" HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n"
        f'sec-ch-ua-platform: "{platform}"\r\n'
        f"User-Agent: Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 "
        f"Safari/537.36\r\n"
        f'sec-ch-ua: "Chromium";v="{version}", "Not=A?Brand";v="24", "Google Chrome";v="{version}"\r\n'
        f"sec-ch-ua-mobile: {mobile}\r\nAccept: */*\r\nOrigin: https://player.example\r\n"
        f"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
        f"Referer: https://player.example/live/{number}\r\nAccept-Encoding: {encodings}\r\n"
        f"Accept-Language: {_LANGUAGES[number // 4 % len(_LANGUAGES)]}\r\n\r\n"
    ).encode()


def av_player(host: str, number: int) -> bytes:
    """The same of an iPhone's AVPlayer, over HTTP/1.1."""
    session = uuid.UUID(int=number << 64 | 0xED6E)
    return (
        f" HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nX-Playback-Session-Id: {str(session).upper()}\r\n"
        f"User-Agent: AppleCoreMedia/1.0.0.22G86 (iPhone; U; CPU OS 18_6 like Mac OS X; en_gb)\r\n"
        f"Accept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n"
    ).encode()
