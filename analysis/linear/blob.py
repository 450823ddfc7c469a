"""Arrays as bytes that can be stored and checked: never pickle, which would run what is in it."""

import json
import struct
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt

MAGIC: Final = b"charla-model\x00"
VERSION: Final = 1
LARGEST: Final = 512 * 2**20
_DIGEST: Final = 32
_START: Final = len(MAGIC) + 1 + _DIGEST
_TYPES: Final = frozenset({"<f4", "<u4", "|i1", "|u1"})
Arrays = dict[str, npt.NDArray[Any]]


class ModelFormatError(ValueError):
    """These bytes are no model, a damaged one, or one of another kind or version."""


def pack(kind: str, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return magic, format version, SHA-256 and a compressed body: a JSON header and the arrays, little-endian."""
    plain = {name: np.ascontiguousarray(array, array.dtype.newbyteorder("<")) for name, array in arrays.items()}
    shapes = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
    text = json.dumps({"kind": kind, "header": header, "arrays": shapes}, sort_keys=True).encode()
    body = b"".join((struct.pack("<I", len(text)), text, *(array.tobytes() for array in plain.values())))
    packed = zlib.compress(body, 6)
    return MAGIC + bytes([VERSION]) + sha256(packed).digest() + packed


def unpack(kind: str, data: bytes) -> tuple[dict[str, Any], Arrays]:
    """Return header and arrays of what `pack` made; raise ModelFormatError for anything else."""
    if not data.startswith(MAGIC) or len(data) < _START:
        raise ModelFormatError("These bytes are not a trained model.")
    if data[len(MAGIC)] != VERSION:
        raise ModelFormatError(f"The model has format {data[len(MAGIC)]}; this program reads {VERSION}. Train it anew.")
    packed = data[_START:]
    if sha256(packed).digest() != data[len(MAGIC) + 1 : _START]:
        raise ModelFormatError("The model is damaged: its digest does not match.")
    inflate = zlib.decompressobj()
    body = inflate.decompress(packed, LARGEST)
    if not inflate.eof:
        raise ModelFormatError("The model is too large.")
    try:
        return _read(kind, body)
    except (KeyError, TypeError, ValueError, struct.error) as error:
        raise ModelFormatError(f"The model cannot be read: {error}") from error


def _read(kind: str, body: bytes) -> tuple[dict[str, Any], Arrays]:
    (length,) = struct.unpack_from("<I", body)
    told = json.loads(body[4 : 4 + length])
    if told["kind"] != kind:
        raise ValueError(f"it is of kind {told['kind']}, not {kind}")
    arrays, at = {}, 4 + length
    for name, dtype, shape in told["arrays"]:
        if dtype not in _TYPES:
            raise ValueError(f"array of type {dtype}")
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(body, dtype, count, at).reshape(shape)
        at += arrays[name].nbytes
    return told["header"], arrays


def digest(data: bytes) -> str:
    """Return the first 12 hexadecimal digits of a packed model's digest."""
    return data[len(MAGIC) + 1 : _START].hex()[:12]
