"""Loops over elements as C++ for a CPU.

A block of elements goes through all steps while what it carries stays in the first-level cache. A step is written in
vectors of 16 elements, which GCC and Clang compile for any width of registers: GCC 12 left the same loop over single
elements scalar, which took five times as long. A function such as `exp` is that of torch, which Inductor calls, too.
"""

import ctypes
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from .._host.fx import Node
from .elementwise import ElementLoop, Language, expression, stripped

__all__ = ["CPP", "launch", "loaded", "source"]


def _number(x: float) -> str:
    if isinstance(x, int):
        return f"{x}LL" if x > -(2**63) else f"({x + 1}LL - 1)"
    if math.isfinite(x):
        return repr(x)
    return "NAN" if math.isnan(x) else "INFINITY" if x > 0 else "-INFINITY"


#: Functions of torch's vectors.
_OF_VECTORS = (
    *("exp", "exp2", "log", "log2", "log1p", "expm1", "sin", "cos", "sinh", "cosh", "tanh", "atan", "erf", "floor"),
    *("ceil", "sqrt", "pow"),
)
CPP = Language(
    dtypes={torch.float32: "F32", torch.float64: "F64", torch.int32: "I32", torch.int64: "I64", torch.bool: "Bool"},
    functions={
        **{name: f"{name}_({{0}})" for name in (*_OF_VECTORS, "abs")},
        "erf": "precise_erf({0})",
        "cosh": "safe_cosh({0})",
        "sinh": "safe_sinh({0})",
        "pow": "pow_({0}, {1})",
        "divide": "{0} / {1}",
        "reciprocal": "1 / {0}",
        "rsqrt": "1 / sqrt_({0})",
        "sigmoid": "1 / (1 + exp_(-{0}))",
        "silu": "{0} / (1 + exp_(-{0}))",
        "relu": "relu_({0})",
        "sigmoid_backward": "{0} * (1 - {1}) * {1}",
        "tanh_backward": "{0} * (1 - {1} * {1})",
        "maximum": "maximum({0}, {1})",
        "minimum": "minimum({0}, {1})",
    },
    choose="where({0}, {1}, {2})",
    cast="cast<{1}>({0})",
    full="full<{1}>({0})",
    truth="cast<Bool>({0})",
    number=_number,
)
_STORED = {
    torch.float32: "float",
    torch.float64: "double",
    torch.int32: "int32_t",
    torch.int64: "int64_t",
    torch.bool: "uint8_t",
}
#: Elements of a vector, the most vectors of a block, and the bytes that a block may carry: a first-level cache.
_LANES, _VECTORS, _CACHE = 16, 64, 2**15
#: Operations that are worth a thread: it costs 5 to 10 µs, and does 16 in a cycle.
_WORTH_A_THREAD = 2**20

_HEAD = f"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

constexpr int64_t LANES = {_LANES};
typedef float F32 __attribute__((vector_size(4 * LANES)));
typedef double F64 __attribute__((vector_size(8 * LANES)));
typedef int32_t I32 __attribute__((vector_size(4 * LANES)));
typedef int64_t I64 __attribute__((vector_size(8 * LANES)));
// All bits of a number, or none.
typedef uint32_t Bool __attribute__((vector_size(4 * LANES)));
typedef uint8_t Bytes __attribute__((vector_size(LANES)));
#define INLINE static inline __attribute__((always_inline))

template <class V> using Element = std::remove_cvref_t<decltype(V{{}}[0])>;
template <class V> using Mask = decltype(V{{}} == V{{}});

template <class V, class T> INLINE V full(T x) {{
    if constexpr (std::is_same_v<V, Bool>) return Bool{{}} - uint32_t(x ? 1 : 0);
    else return Element<V>(x) - V{{}};
}}
template <class V> INLINE V where(Bool chosen, V one, V other) {{
    return __builtin_convertvector(I32(chosen), Mask<V>) ? one : other;
}}
template <class To, class From> INLINE To cast(From x) {{
    if constexpr (std::is_same_v<To, From>) return x;
    else if constexpr (std::is_same_v<To, Bool>) return Bool(__builtin_convertvector(x != 0, I32));
    else if constexpr (std::is_same_v<From, Bool>) return where(x, full<To>(1), To{{}});
    else return __builtin_convertvector(x, To);
}}
template <class V> INLINE V maximum(V a, V b) {{ return ((a > b) | (a != a)) ? a : b; }}
template <class V> INLINE V minimum(V a, V b) {{ return ((a < b) | (a != a)) ? a : b; }}
template <class V> INLINE V relu_(V x) {{ return x <= 0 ? V{{}} : x; }}
template <class V> INLINE V abs_(V x) {{
    // Without the bit of the sign.
    Mask<V> bits = Mask<V>(x) & Element<Mask<V>>(~(uint64_t(1) << (8 * sizeof(Element<V>) - 1)));
    return V(bits);
}}

template <class V, class T> INLINE V load(const T* from, int64_t count) {{
    using Stored = std::conditional_t<std::is_same_v<V, Bool>, Bytes, V>;
    Stored x{{}};
    std::memcpy(&x, from, count == LANES ? sizeof(Stored) : count * sizeof(T));
    if constexpr (std::is_same_v<V, Bool>) return cast<Bool>(__builtin_convertvector(x, I32));
    else return x;
}}
template <class V, class T> INLINE void store(T* to, V x, int64_t count) {{
    if constexpr (std::is_same_v<V, Bool>) {{
        const Bytes bytes = __builtin_convertvector(I32(x) & 1, Bytes);
        std::memcpy(to, &bytes, count * sizeof(T));
    }} else std::memcpy(to, &x, count == LANES ? sizeof(V) : count * sizeof(T));
}}
template <class V, class T> INLINE V gather(const T* from, const int64_t* places, int64_t count) {{
    T found[LANES] = {{}};
    for (int64_t i = 0; i < count; ++i) found[i] = from[places[i]];
    return load<V>(found, LANES);
}}
template <class V, class T> INLINE void scatter(T* to, const int64_t* places, V x, int64_t count) {{
    T given[LANES];
    store(given, x, LANES);
    for (int64_t i = 0; i < count; ++i) to[places[i]] = given[i];
}}
"""
# torch's vectors are a large header: only for code that calls their functions.
_VECTOR_HEAD = (
    """
#include <torch/csrc/inductor/cpp_prefix.h>

template <class V, class F, class... More> INLINE V each(F f, V x, More... more) {
    using Wide = at::vec::Vectorized<Element<V>>;
    V result;
    auto* to = reinterpret_cast<Element<V>*>(&result);
    auto at = [](const V& y, int64_t i) { return Wide::loadu(reinterpret_cast<const Element<V>*>(&y) + i); };
    for (int64_t i = 0; i < LANES; i += Wide::size()) f(at(x, i), at(more, i)...).store(to + i);
    return result;
}
"""
    + "\n".join(
        f"template <class... V> INLINE auto {name}_(V... x) "
        f"{{ return each([](auto y, auto... more) {{ return y.{name}(more...); }}, x...); }}"
        for name in _OF_VECTORS
    )
    + """
// torch's vectors of 32 bits compute it with an absolute error: erf(1e-8) is 0.
INLINE F32 precise_erf(F32 x) { return cast<F32>(erf_(cast<F64>(x))); }
INLINE F64 precise_erf(F64 x) { return erf_(x); }
// Theirs overflow with the exponential, before their result does: cosh(89) is inf.
template <class V> INLINE Bool near_overflow(V x) {
    return cast<Bool>(abs_(x) > full<V>(sizeof(Element<V>) == 4 ? 87.7 : 708.7));
}
template <class V> INLINE V half_exp(V x) {
    const V root = exp_(full<V>(0.5) * abs_(x));
    return full<V>(0.5) * root * root;
}
template <class V> INLINE V safe_cosh(V x) { return where(near_overflow(x), half_exp(x), cosh_(x)); }
template <class V> INLINE V safe_sinh(V x) {
    const V size = half_exp(x);
    return where(near_overflow(x), where(cast<Bool>(x < 0), -size, size), sinh_(x));
}
"""
)


class _Loop:
    """The lines of a function before the loop over time, in it for each vector, and after it."""

    def __init__(self, loop: ElementLoop) -> None:
        self.loop = loop
        self.names: dict[Node, str] = {}
        self.pointers: list[str] = []
        #: What one vector of a block needs in the cache.
        self.bytes = 0
        #: Arrays of offsets, by shape.
        self.places: dict[tuple[int, ...], str] = {}
        self.once: list[str] = []
        self.arrays: list[str] = []
        self.first: list[str] = []
        self.body: list[str] = []
        self.last: list[str] = []

    def pointer(self, node: Node) -> str:
        """A new argument."""
        name = f"p{len(self.pointers)}"
        self.pointers.append(f"auto* {name} = static_cast<{_STORED[node.meta['val'].dtype]}*>(given[{name[1:]}]);")
        return name

    def named(self, node: Node, text: str) -> str:
        """A line that names what a node is."""
        self.names[node] = f"v{len(self.names)}"
        return f"const {_kind(node)} {self.names[node]} = {text};"

    def array(self, node: Node) -> str:
        """A new array of vectors, for a block."""
        name = f"a{len(self.arrays)}"
        self.arrays.append(f"{_kind(node)} {name}[VECTORS] = {{}};")
        self.bytes += _LANES * node.meta["val"].dtype.itemsize
        return name

    def is_one(self, node: Node) -> bool:
        return not stripped(node.meta["val"].shape)

    def loaded(self, pointer: str, node: Node, each: bool = False) -> str:
        row, kind = _row(pointer, node, each), _kind(node)
        if self.is_one(node):
            return f"full<{kind}>(*({row}))"
        if (places := self._places(node)) is None:
            return f"load<{kind}>({row} + at, count)"
        return f"gather<{kind}>({row}, {places} + i * LANES, count)"

    def stored(self, pointer: str, node: Node, value: str, each: bool = False) -> str:
        row = _row(pointer, node, each)
        if self.is_one(node):
            return f"if (at == 0) store({row}, {value}, 1);"
        if (places := self._places(node)) is None:
            return f"store({row} + at, {value}, count);"
        return f"scatter({row}, {places} + i * LANES, {value}, count);"

    def _places(self, node: Node) -> str | None:
        """The array with the index of the element that broadcasts to each of a block; None where it is its own."""
        own = stripped(node.meta["val"].shape)
        if own == stripped(self.loop.shape):
            return None
        return self.places.setdefault(own, f"o{len(self.places)}")

    def source(self) -> str:
        threaded = "#pragma omp parallel for num_threads(threads) if (threads > 1)"
        each_vector = [
            "for (int64_t i = 0; i < vectors; ++i) {",
            "    const int64_t at = first + i * LANES, count = std::min(LANES, end - at);",
        ]
        # Offsets have eight bytes.
        needed = self.bytes + 8 * _LANES * len(self.places)
        vectors = max(1, min(_VECTORS, _CACHE // max(1, needed)))
        places = []
        for shape, name in self.places.items():
            places += [
                f"int64_t {name}[VECTORS * LANES];",
                f"for (int64_t at = first; at < end; ++at) {name}[at - first] = {_offset(shape, self.loop.shape)};",
            ]
        lines = [
            *self.pointers,
            *self.once,
            # Each thread gets blocks of its own, of whole vectors.
            f"constexpr int64_t VECTORS = {vectors};",
            "const int64_t share = (size + threads * LANES - 1) / (threads * LANES);",
            "const int64_t width = std::min(VECTORS, share) * LANES;",
            threaded,
            "for (int64_t first = 0; first < size; first += width) {",
            "    const int64_t end = std::min(size, first + width), vectors = (end - first + LANES - 1) / LANES;",
            *_indented([*places, *self.arrays]),
            *_indented([*each_vector, *_indented(self.first), "}"] if self.first else []),
            "    for (int64_t k = 0; k < steps; ++k) {",
            f"        const int64_t t = {'steps - 1 - k' if self.loop.reverse else 'k'};",
            # Whole vectors are copied by one instruction, the rest by a call: two copies of the step.
            "        auto step = [&](int64_t i, int64_t count) __attribute__((always_inline)) {",
            "            const int64_t at = first + i * LANES;",
            *_indented(self.body, 3),
            "        };",
            "        const int64_t whole = (end - first) / LANES;",
            "        for (int64_t i = 0; i < whole; ++i) step(i, LANES);",
            "        if (whole < vectors) step(whole, end - first - whole * LANES);",
            "    }",
            *_indented([*each_vector, *_indented(self.last), "}"] if self.last else []),
            "}",
        ]
        head = 'extern "C" void loop(void* const* given, int64_t steps, int64_t size, int64_t threads) {'
        text = "\n".join([head, *_indented(lines), "}", ""])
        uses_vectors = any(f"{name}_(" in text or f"_{name}(" in text for name in _OF_VECTORS)
        return _HEAD + (_VECTOR_HEAD if uses_vectors else "") + "\n" + text


def _indented(lines: Sequence[str], levels: int = 1) -> list[str]:
    return ["    " * levels + line for line in lines]


def _kind(node: Node) -> str:
    return CPP.dtypes[node.meta["val"].dtype]


def _row(pointer: str, node: Node, each: bool) -> str:
    return f"{pointer} + t * INT64_C({node.meta['val'].numel()})" if each else pointer


def _offset(own: tuple[int, ...], whole: torch.Size) -> str:
    parts, inner = ["0"], 1
    for axis in range(1, len(whole) + 1):
        if axis <= len(own) and own[-axis] != 1:
            parts.append(f"at / {inner} % {whole[-axis]} * {math.prod(own[len(own) - axis + 1 :])}")
        inner *= whole[-axis]
    return " + ".join(parts)


def source(loop: ElementLoop) -> str | None:
    """The code; None where a step does what it has no name for."""
    code = _Loop(loop)
    kept = []
    for x in loop.carry:
        kept.append(code.array(x))
        code.first.append(f"{kept[-1]}[i] = {code.loaded(code.pointer(x), x)};")
        code.body.append(code.named(x, f"{kept[-1]}[i]"))
    for x in (*loop.constants, *loop.inputs):
        is_input = x in loop.inputs
        line = code.named(x, code.loaded(code.pointer(x), x, is_input))
        (code.once if code.is_one(x) and not is_input else code.body).append(line)
    for node in loop.operations:
        text = expression(CPP, node, code.names)
        if text is None:
            return None
        code.body.append(code.named(node, text))
    added, carried = [], iter(kept)
    for x, is_added in zip(loop.ends, loop.summed, strict=True):
        array = code.array(x) if is_added else next(carried)
        added += [array] if is_added else []
        code.last.append(code.stored(code.pointer(x), x, f"{array}[i]"))
    code.body += [code.stored(code.pointer(x), x, code.names[x], True) for x in loop.columns]
    code.body += [f"{array}[i] += {code.names[x]};" for array, x in zip(added, loop.terms, strict=True)]
    # All are read above: a new one may be computed from the old value of another.
    code.body += [f"{array}[i] = {code.names[x]};" for array, x in zip(kept, loop.becomes, strict=True)]
    return code.source()


class _Function(NamedTuple):
    """A compiled loop, with the number of operations of a step."""

    call: Any
    operations: int


def loaded(text: str) -> _Function | None:
    """The function of a source text; None where there is no compiler for it."""
    # Importing Inductor takes a second.
    from .._host.inductor import NOT_COMPILED, library_of

    try:
        call: Any = library_of(text).loop
    except NOT_COMPILED:
        return None
    call.restype, call.argtypes = None, [ctypes.c_void_p] + [ctypes.c_int64] * 3
    return _Function(call, text.count("const "))


def launch(kernel: Any, tensors: Sequence[torch.Tensor], steps: int, size: int) -> None:
    """Run all steps, in as many threads as they are worth."""
    given = (ctypes.c_void_p * len(tensors))(*[x.data_ptr() for x in tensors])
    threads = max(1, min(torch.get_num_threads(), size * steps * kernel.operations // _WORTH_A_THREAD))
    kernel.call(given, steps, size, threads)
