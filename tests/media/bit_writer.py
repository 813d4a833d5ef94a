"""Writes what `edge.media.bits` reads, so that tests can say a header field by field."""


class BitWriter:
    def __init__(self):
        self.bits = ""

    def u(self, bits, value):
        assert 0 <= value < 1 << bits
        self.bits += f"{value:0{bits}b}"
        return self

    def flags(self, *values):
        for value in values:
            self.u(1, int(value))
        return self

    def ue(self, *values):
        for value in values:
            code = f"{value + 1:b}"
            self.bits += "0" * (len(code) - 1) + code
        return self

    def se(self, *values):
        for value in values:
            self.ue(2 * value - 1 if value > 0 else -2 * value)
        return self

    def rbsp(self):
        """With the stop bit and zeros up to the byte."""
        bits = self.bits + "1"
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")

    def nal(self, *header):
        """With emulation prevention (7.4.1), done byte by byte here and by replacement in the code."""
        out, zeros = bytearray(header), 0
        for byte in self.rbsp():
            if zeros == 2 and byte <= 3:
                out.append(3)
                zeros = 0
            out.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return bytes(out)
