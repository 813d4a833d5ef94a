"""RTP packets to access units: parse, reorder, depayload, feedback, one clock. Pure."""
