"""Clocks as whole numbers: unwrapping counters, changing scales, NTP time."""

NTP_TO_UNIX_S = 2_208_988_800
"""Seconds from 1900-01-01 to 1970-01-01 (RFC 868)."""

NTP_ERA_S = 1 << 32


def unwrap(previous: int | None, wrapped: int, bits: int) -> int:
    """The unbounded value of a `bits` wide counter that stood at unbounded `previous` just before.

    The nearer way round wins, so a packet that comes late gives a smaller value than `previous`. The first
    value (`previous` None) is taken as it is; a late packet right after it can therefore be negative.
    """
    if previous is None:
        return wrapped
    half = 1 << (bits - 1)
    return previous + ((wrapped - previous + half) & ((1 << bits) - 1)) - half


def rescale(value: int, from_scale: int, to_scale: int) -> int:
    """`value` ticks of `from_scale` Hz in ticks of `to_scale` Hz, rounded down, exact for any size of int."""
    return value * to_scale // from_scale


def seconds(ticks: int, scale: int) -> float:
    return ticks / scale


def ntp_to_unix(ntp64: int) -> float:
    """Unix seconds of a 64-bit NTP timestamp (RFC 5905, section 6), good to about a quarter of a microsecond.

    Seconds with the highest bit clear belong to era 1, which begins on 2036-02-07 (RFC 4330, section 3). A
    sender without a wall clock sends zero (RFC 3550, 6.4.1): the caller must look for that first.
    """
    whole, fraction = ntp64 >> 32, ntp64 & 0xFFFF_FFFF
    if whole < NTP_ERA_S >> 1:
        whole += NTP_ERA_S
    return whole - NTP_TO_UNIX_S + fraction / NTP_ERA_S
