"""`edge publish`: a real WebRTC client that publishes over WHIP."""
