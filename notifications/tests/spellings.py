"""Hundreds of ways to write an address that must not be called, each as a URL with a port of the test's choosing."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

PRIVATE_4 = (
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200",
)  # fmt: skip
MORE_PRIVATE_4 = (
    "0.1.2.3", "10.255.255.255", "100.127.255.255", "168.63.129.16", "169.254.0.1", "172.31.255.255", "192.0.0.1",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.0", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
)  # fmt: skip
PRIVATE_6 = (
    "::", "::1", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "0::1", "::0001", "::2", "fe80::1",
    "fe80::1%lo", "fe80::1%251", "febf::1", "fec0::1", "fc00::1", "fd00::1", "fd00:ec2::254", "ff02::1", "ff05::2",
    "ff0e::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1",
    "2001:db8::1", "3fff::1", "5f00::1", "64:ff9b:1::1", "64:ff9b:1:ffff::7f00:1", "4000::1", "1::1", "e000::1",
    "fe80:0:0:0:0:5efe:7f00:1", "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1", "fd12:3456:789a::1",
)  # fmt: skip
NAMES = (
    "localhost", "LOCALHOST", "LocalHost", "localhost.", "sub.localhost", "a.b.localhost.", "private.example",
    "xn--lcalhost-54a", "metadata.google.internal", "127.0.0.1.example", "loopback", "ip6-localhost",
)  # fmt: skip
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def spellings_of(text: str) -> Iterator[str]:
    """Yield how hosts write one IPv4 address."""
    parts, number = [int(part) for part in text.split(".")], int(IPv4Address(text))
    first, second, third, fourth = parts
    yield text
    yield str(number)
    yield hex(number)
    yield f"0X{number:08X}"
    yield f"0x{number:012x}"
    yield f"0{number:o}"
    yield f"{first}.{number & 0xFFFFFF}"
    yield f"{first}.{second}.{number & 0xFFFF}"
    yield ".".join(hex(part) for part in parts)
    yield ".".join(f"0x{part:04X}" for part in parts)
    yield ".".join(f"0{part:o}" for part in parts)
    yield ".".join(f"{part:05o}" for part in parts)
    yield f"{hex(first)}.{second}.0{third:o}.{fourth}"
    yield f"0{first:o}.{hex(second)}.{number & 0xFFFF}"
    yield f"{text}."
    yield f"{text}.."
    yield text.replace(".", "。")
    yield text.replace(".", "．")
    yield text.replace(".", "｡")
    yield text.replace(".", "%2e")
    yield "".join(f"%{ord(sign):02x}" for sign in text)
    for digits in (FULL_WIDTH, CIRCLED, BOLD, ARABIC):
        yield text.translate(digits)
    yield f"{text}%00"
    yield f"{text}%0d%0a"


def embedded(text: str) -> Iterator[str]:
    """Yield the IPv6 addresses behind which an IPv4 address lies."""
    number = int(IPv4Address(text))
    high, low = number >> 16, number & 0xFFFF
    for prefix in ("::ffff:", "::", "64:ff9b::", "64:ff9b:1::", "::ffff:0:"):
        yield f"[{prefix}{text}]"
        yield f"[{prefix}{high:x}:{low:x}]"
    yield f"[{IPv6Address((0xFFFF << 32) | number).exploded}]"
    yield f"[2002:{high:x}:{low:x}::1]"
    yield f"[2001:0:{high:x}:{low:x}::1]"
    yield f"[2001:0:1:1:0:0:{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}]"
    yield f"[2606:4700::5efe:{high:x}:{low:x}]"


def hosts() -> Iterator[str]:
    """Yield every host."""
    for text in PRIVATE_4:
        yield from spellings_of(text)
        yield from embedded(text)
    yield from MORE_PRIVATE_4
    for text in PRIVATE_6:
        yield f"[{text}]"
    yield from NAMES


def urls(port: int) -> list[str]:
    """Return every URL."""
    made = [f"http://{host}:{port}/" for host in hosts()]
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"):
        made += [
            f"https://{host}:{port}/",
            f"HTTP://{host}:{port}/x?y=1#z",
            f"http://user@{host}:{port}/",
            f"http://user:secret@{host}:{port}/",
            f"http://example.com@{host}:{port}/",
            f"http://example.com:80@{host}:{port}/",
            f"http://example.com%40{host}:{port}/",
            f"http://{host}:{port}@{host}:{port}/",
            f"http://{host}:{port}\\@example.com/",
            f"http://{host}:{port}#@example.com/",
            f"http://{host}:{port}?@example.com/",
            f"http://{host}:{port};@example.com/",
            f"http:\\\\{host}:{port}/",
            f"http:/{host}:{port}/",
            f"http:{host}:{port}/",
            f"http:///{host}:{port}/",
            f"//{host}:{port}/",
            f"http://{host}:0{port}/",
            f"http://{host}:+{port}/",
            f"http://{host}:{port + 65_536}/",
            f"http://{host}:-{port}/",
            f"http://{host}:{port}.0/",
            f" http://{host}:{port}/",
            f"http://{host}:{port}\r\nHost: example.com/",
            f"http://{host} :{port}/",
            f"http://\t{host}:{port}/",
            f"ftp://{host}:{port}/",
            f"gopher://{host}:{port}/_GET",
            f"ws://{host}:{port}/",
            f"file://{host}/etc/passwd",
            f"dict://{host}:{port}/",
            f"http+unix://{host}:{port}/",
            f"http://{host}:22/",
            f"http://{host}:6379/",
        ]
    return made
