"""A live and VOD streaming edge: WebRTC in, low-latency HLS out, byte ranges from a disk cache."""

__version__ = "0.1.0"
