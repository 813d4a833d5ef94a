"""The words of media: tracks, samples, timebases and codec headers. Pure."""
