"""WebRTC in: one UDP socket for all publishers."""
