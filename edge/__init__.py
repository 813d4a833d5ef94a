"""A live and VOD streaming edge: WebRTC in, low-latency HLS out, byte ranges from a disk cache."""

from edge import compiled

__version__ = "0.1.0"

compiled.install()
