"""Byte-level readers/writers for the native protocol and a structural walker for Native blocks."""

import struct
from functools import lru_cache


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def string(s):
    s = s.encode() if isinstance(s, str) else s
    return varint(len(s)) + s


class Wire:
    """Pull reader over an async chunk source (``source() -> bytes``, b'' = EOF)."""

    def __init__(self, source=None, data=b""):
        self.buf, self.pos, self.source = bytearray(data), 0, source

    async def more(self):
        chunk = await self.source() if self.source else b""
        if not chunk:
            raise EOFError("unexpected end of stream")
        self.buf += chunk

    async def need(self, n):
        while len(self.buf) - self.pos < n:
            await self.more()

    def drop(self):
        """Forget consumed bytes (called between packets)."""
        del self.buf[: self.pos]
        self.pos = 0

    async def take(self, n):
        await self.need(n)
        self.pos += n
        return bytes(self.buf[self.pos - n : self.pos])

    async def skip(self, n):
        await self.need(n)
        self.pos += n

    async def unpack(self, fmt):
        return struct.unpack(fmt, await self.take(struct.calcsize(fmt)))[0]

    async def varint(self):
        shift = value = 0
        while True:
            await self.need(1)
            b = self.buf[self.pos]
            self.pos += 1
            value |= (b & 127) << shift
            if b < 128:
                return value
            shift += 7

    async def string(self):
        return (await self.take(await self.varint())).decode("utf-8", "replace")

    async def skip_strings(self, n):
        while n:
            buf, pos, end = self.buf, self.pos, len(self.buf)
            try:
                while n:
                    size = buf[pos]
                    if size < 128:
                        nxt = pos + 1 + size
                    else:
                        size, shift, p = size & 127, 7, pos + 1
                        while buf[p] > 127:
                            size |= (buf[p] & 127) << shift
                            shift += 7
                            p += 1
                        nxt = p + 1 + (size | buf[p] << shift)
                    if nxt > end:
                        break
                    pos = nxt
                    n -= 1
            except IndexError:
                pass
            self.pos = pos
            if n:
                await self.more()


class Unwalkable(Exception):
    pass


FIXED = {
    "Bool": 1,
    "Date": 2,
    "Date32": 4,
    "DateTime": 4,
    "DateTime64": 8,
    "Time": 4,
    "Time64": 8,
    "UUID": 16,
    "IPv4": 4,
    "IPv6": 16,
    "Enum8": 1,
    "Enum16": 2,
    "Nothing": 1,
    "BFloat16": 2,
    "Float32": 4,
    "Float64": 8,
    "Decimal32": 4,
    "Decimal64": 8,
    "Decimal128": 16,
    "Decimal256": 32,
}
FIXED.update({f"{u}Int{b}": b // 8 for u in ("", "U") for b in (8, 16, 32, 64, 128, 256)})
ALIAS = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "Polygon": "Array(Ring)",
    "MultiLineString": "Array(LineString)",
    "MultiPolygon": "Array(Polygon)",
}


def split_args(s):
    args, depth, quote, start, i = [], 0, "", 0, 0
    while i < len(s):
        ch = s[i]
        if quote:
            if ch == "\\":
                i += 1
            elif ch == quote:
                quote = ""
        elif ch in "'`\"":
            quote = ch
        elif ch == "(":
            depth += 1
        elif ch == ")":
            depth -= 1
        elif ch == "," and not depth:
            args.append(s[start:i].strip())
            start = i + 1
        i += 1
    args.append(s[start:].strip())
    return [a for a in args if a]


def unname(element):
    """'a UInt8' -> 'UInt8' (tuple/nested element names)."""
    quote = ""
    for i, ch in enumerate(element):
        if quote:
            quote = "" if ch == quote else quote
        elif ch in '`"':
            quote = ch
        elif ch == "(":
            break
        elif ch == " ":
            return element[i + 1 :]
    return element


@lru_cache(4096)
def parse_type(t):
    """-> ('fixed', n) | ('string',) | ('nullable', T) | ('array', T) | ('tuple', [T]) | ('lc', T)"""
    t = ALIAS.get(t, t)
    base, _, rest = t.partition("(")
    args = split_args(rest[:-1]) if rest else []
    if t == "String":
        return ("string",)
    if base in FIXED:
        return ("fixed", FIXED[base])
    if base.startswith("Interval"):
        return ("fixed", 8)
    if base == "FixedString":
        return ("fixed", int(args[0]))
    if base == "Decimal":
        p = int(args[0])
        return ("fixed", 4 if p < 10 else 8 if p < 19 else 16 if p < 39 else 32)
    if base in ("Nullable", "Array"):
        return (base.lower(), parse_type(args[0]))
    if base == "LowCardinality":
        inner = args[0]
        return ("lc", parse_type(inner[9:-1] if inner.startswith("Nullable(") else inner))
    if base == "Map":
        return ("array", ("tuple", tuple(parse_type(a) for a in args)))
    if base == "Tuple":
        return ("tuple", tuple(parse_type(unname(a)) for a in args)) if args else ("fixed", 1)
    if base == "Nested":
        return ("array", ("tuple", tuple(parse_type(unname(a)) for a in args)))
    if base == "SimpleAggregateFunction":
        return parse_type(args[1])
    raise Unwalkable(t)


async def walk_prefix(w, t):
    if t[0] == "lc":
        await w.skip(8)
    elif t[0] in ("nullable", "array"):
        await walk_prefix(w, t[1])
    elif t[0] == "tuple":
        for e in t[1]:
            await walk_prefix(w, e)


async def walk_data(w, t, rows):
    kind = t[0]
    if kind == "fixed":
        await w.skip(t[1] * rows)
    elif kind == "string":
        await w.skip_strings(rows)
    elif kind == "nullable":
        await w.skip(rows)
        await walk_data(w, t[1], rows)
    elif kind == "array":
        if rows:
            await w.skip(8 * (rows - 1))
            await walk_data(w, t[1], await w.unpack("<Q"))
    elif kind == "tuple":
        for e in t[1]:
            await walk_data(w, e, rows)
    elif kind == "lc" and rows:
        index = await w.unpack("<Q")
        await walk_data(w, t[1], await w.unpack("<Q"))
        await w.skip((1 << (index & 255)) * await w.unpack("<Q"))


BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"


class Block:
    """A walked block: columns [(name, type)], rows and the plain (revision 0) Native bytes."""

    __slots__ = ("columns", "rows", "native")


async def read_block(w, custom):
    """Walk one block (no BlockInfo). ``custom``: a has_custom_serialization byte follows each type."""
    block, parts, start = Block(), [], w.pos
    n, block.rows, block.columns = await w.varint(), await w.varint(), []
    for _ in range(n):
        name, type_ = await w.string(), await w.string()
        block.columns.append((name, type_))
        if custom:
            parts.append(bytes(w.buf[start : w.pos]))
            if (await w.take(1)) != b"\0":
                raise Unwalkable("custom serialization")
            start = w.pos
        if block.rows:
            t = parse_type(type_)
            await walk_prefix(w, t)
            await walk_data(w, t, block.rows)
    parts.append(bytes(w.buf[start : w.pos]))
    block.native = b"".join(parts)
    return block


async def split_blocks(data, custom, types=None):
    """Plain Native bytes (any number of blocks) -> [(columns, rows, wire bytes)].

    Adds has_custom flags when ``custom`` and replaces the type names by ``types`` when given (chdb writes
    revision-0 Native, where a top-level DateTime('tz') loses its time zone)."""
    w, out = Wire(data=data), []
    while w.pos < len(w.buf):
        start, columns = w.pos, []
        n, rows = await w.varint(), await w.varint()
        parts = [w.buf[start : w.pos]]
        for i in range(n):
            start = w.pos
            name, type_ = await w.string(), await w.string()
            shown = types[i] if types else type_
            columns.append((name, shown))
            parts.append(string(name) + string(shown) if types else w.buf[start : w.pos])
            if custom:
                parts.append(b"\0")
            start = w.pos
            if rows:
                if i + 1 == n and len(out) == 0 and is_opaque(type_):
                    w.pos = len(w.buf)  # an unwalkable last column runs to the end of the block
                else:
                    t = parse_type(type_)
                    await walk_prefix(w, t)
                    await walk_data(w, t, rows)
            parts.append(w.buf[start : w.pos])
        out.append((columns, rows, b"".join(parts)))
    return out


def is_opaque(type_):
    try:
        parse_type(type_)
    except Unwalkable:
        return True
    return False


def header_block(columns, custom):
    flag = b"\0" if custom else b""
    return varint(len(columns)) + b"\0" + b"".join(string(n) + string(t) + flag for n, t in columns)
