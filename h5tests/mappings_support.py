"""Both decoders of mapped chunks, the library's and the one of the document, on the same bytes."""

import ctypes
import math

import numpy as np
import pytest
import python_support  # noqa: F401  (finds the library)
import reference_decoder as reference
import reference_mappings  # noqa: F401  (decodes mapped chunks once it is imported)
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from reference_decoder import BFLOAT16, FLOAT16, FLOAT32, FLOAT64

import h5prism
from h5prism._chunk_info import read_info
from h5prism._library import MAX_RANK, ArrayStruct, DecodeOptionsStruct, call
from h5prism._options import from_keywords

TABLE, LATTICE, FIXED, SCALED = 1, 2, 3, 4
MASK = 10
NUMPY = {type_: name for type_, name in reference.TYPES.items() if type_ != BFLOAT16}
FLOATS = {FLOAT16: "f2", FLOAT32: "f4", FLOAT64: "f8"}


# The library by type codes: numpy may have no bfloat16


def encode(elements, type_, order, dims, **options):
    array = ArrayStruct(type_, order, len(dims), (ctypes.c_uint64 * MAX_RANK)(*dims))
    chunk = ctypes.create_string_buffer(len(elements) + 600)
    size = ctypes.c_size_t()
    chosen = ctypes.byref(from_keywords(options))
    given = ctypes.byref(array), elements, chosen
    call("prism_encode", *given, chunk, len(chunk), ctypes.byref(size))
    return chunk.raw[: size.value]


def decode(chunk):
    """The elements as bytes."""
    array = read_info(np.frombuffer(chunk, np.uint8)).array
    size = math.prod(array.dims[: array.rank]) * np.dtype(reference.TYPES[array.type]).itemsize
    elements = ctypes.create_string_buffer(size)
    options = ctypes.byref(DecodeOptionsStruct(False, 1, 0))
    call("prism_decode", chunk, len(chunk), elements, size, options)
    return elements.raw


def assert_agree(chunk):
    """Both decoders give the same elements, which it returns, or both refuse."""
    try:
        expected = decode(chunk)
    except h5prism.PrismError:
        with pytest.raises(reference.CorruptChunk):
            reference.decode(chunk)
        return None
    assert reference.decode(chunk).tobytes() == expected
    return expected


def mapping_of(chunk):
    """The mapping of each chunk within each other, the first ones first; 0 is none."""
    found = reference.read_container(chunk)
    if not found.mapped:
        return [0]
    payload = reference.Reader(found.payload)
    count = 2 if found.parameters[0] == SCALED else 1
    inner = [mapping_of(payload.take(payload.varint())) for _ in range(count)]
    return [found.parameters[0], *sum(inner, [])]


def check(words, type_, order, dims, **options):
    """Encodes words as elements of a type, and decodes them by both. Returns the mappings."""
    stages = {"transform": "none", "predictor": "lsq", "coder": "ans"} | options
    elements = words.astype(words.dtype.newbyteorder("<>"[order])).tobytes()
    chunk = encode(elements, type_, order, dims, **stages)
    assert assert_agree(chunk) == elements
    return mapping_of(chunk)
