"""Events and sparse matrices: brainevent's arrays, products by ``@`` on both sides, and plasticity."""

from .arrays import BinaryArray, BitPackedBinary, CompactBinary, EventRepresentation
from .fixed import FixedNumConn, FixedNumPerPost, FixedNumPerPre
from .generated import (
    JITCMatrix,
    JITCNormalC,
    JITCNormalR,
    JITCScalarC,
    JITCScalarMatrix,
    JITCScalarR,
    JITCUniformC,
    JITCUniformR,
)
from .matrices import COO, CSC, CSR, Dense, csr_slice_rows
from .places import coo2csr, coo_to_csc_index, csc_to_csr_index, csr_to_coo_index, csr_to_csc_index
from .plasticity import (
    update_csc_on_binary_post,
    update_csc_on_binary_pre,
    update_csr_on_binary_post,
    update_csr_on_binary_pre,
    update_dense_on_binary_post,
    update_dense_on_binary_pre,
    update_fixed_post_conn_on_binary_pre,
    update_fixed_pre_conn_on_binary_post,
)
from .representation import DataRepresentation

EventArray = BinaryArray

__all__ = [
    "COO",
    "CSC",
    "CSR",
    "BinaryArray",
    "BitPackedBinary",
    "CompactBinary",
    "DataRepresentation",
    "Dense",
    "EventArray",
    "EventRepresentation",
    "FixedNumConn",
    "FixedNumPerPost",
    "FixedNumPerPre",
    "JITCMatrix",
    "JITCNormalC",
    "JITCNormalR",
    "JITCScalarC",
    "JITCScalarMatrix",
    "JITCScalarR",
    "JITCUniformC",
    "JITCUniformR",
    "coo2csr",
    "coo_to_csc_index",
    "csc_to_csr_index",
    "csr_slice_rows",
    "csr_to_coo_index",
    "csr_to_csc_index",
    "update_csc_on_binary_post",
    "update_csc_on_binary_pre",
    "update_csr_on_binary_post",
    "update_csr_on_binary_pre",
    "update_dense_on_binary_post",
    "update_dense_on_binary_pre",
    "update_fixed_post_conn_on_binary_pre",
    "update_fixed_pre_conn_on_binary_post",
]
