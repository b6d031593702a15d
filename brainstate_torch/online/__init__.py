"""Online learning: gradients of a run forward in time, in memory that does not grow with the number of steps."""

from .algorithm import EligibilityTrace, ETraceAlgorithm
from .algorithms import D_RTRL, ES_D_RTRL, EProp, OSTLFeedforward, pp_prop
from .cells import MiniGRU, MiniLSTM, MinimalRNNCell
from .compiling import ETraceVmap, compile
from .errors import CompilationError, NotSupportedError
from .operations import einsum, element_wise, embedding, grouped_matmul, lora_matmul, matmul
from .params import ElemWiseOp, ElemWiseParam, ETraceParam, MatMulOp, NonTempParam
from .report import CompilationReport
from .sequence import SequenceDriverMixin

__all__ = [
    "D_RTRL",
    "ES_D_RTRL",
    "CompilationError",
    "CompilationReport",
    "EProp",
    "ETraceAlgorithm",
    "ETraceParam",
    "ETraceVmap",
    "ElemWiseOp",
    "ElemWiseParam",
    "EligibilityTrace",
    "MatMulOp",
    "MiniGRU",
    "MiniLSTM",
    "MinimalRNNCell",
    "NonTempParam",
    "NotSupportedError",
    "OSTLFeedforward",
    "SequenceDriverMixin",
    "compile",
    "einsum",
    "element_wise",
    "embedding",
    "grouped_matmul",
    "lora_matmul",
    "matmul",
    "pp_prop",
]
