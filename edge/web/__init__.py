"""Sockets and HTTP: WHIP, media, API and pages."""
