"""What LL-HLS says (draft-pantos-hls-rfc8216bis-22): positions, segments, windows, playlists, directives.
Pure.
"""
