"""The private names of torch that this package bets on: all of them, in one list.

A release of torch that is not in `TRIED` may have renamed one; the test suite says which.
"""

__all__ = ["PRIVATE", "TRIED"]

#: Releases of torch on which the test suite has passed with these names.
TRIED = ("2.13.0",)

PRIVATE = (
    "torch._C._current_autograd_node",
    "torch._C._disabled_torch_function_impl",
    "torch._C._exit_dual_level",
    "torch._C._functorch._add_batch_dim",
    "torch._C._functorch._unwrap_batched",
    "torch._C._functorch._unwrap_for_grad",
    "torch._C._functorch.get_interpreter_stack",
    "torch._C._functorch.get_unwrapped",
    "torch._C._functorch.is_batchedtensor",
    "torch._C._functorch.is_functorch_wrapped_tensor",
    "torch._C._functorch.maybe_current_level",
    "torch._C._functorch.maybe_get_bdim",
    "torch._C._functorch.maybe_get_level",
    "torch._C._functorch.pop_dynamic_layer_stack_and_undo_to_depth",
    "torch._C._functorch.unwrap_if_dead",
    "torch._C._is_fwd_grad_enabled",
    "torch._C._is_multithreading_enabled",
    "torch._C._len_torch_dispatch_stack",
    "torch._C._len_torch_function_stack",
    "torch._C._nn._parse_to",
    "torch._C._set_fwd_grad_enabled",
    "torch._C._set_grad_enabled",
    "torch._C._set_multithreading_enabled",
    "torch._C._storage_Use_Count",
    "torch._functorch.eager_transforms.JVP_NESTING",
    "torch._functorch.pyfunctorch.retrieve_all_functorch_interpreters",
    "torch._functorch.pyfunctorch.temporarily_clear_interpreter_stack",
    "torch._functorch.pyfunctorch.temporarily_pop_interpreter_stack",
    "torch._functorch.pyfunctorch.temporarily_restore_interpreter_stack",
    "torch._inductor.compile_fx.compile_fx_inner",
    "torch._inductor.config",
    "torch._inductor.decomposition.select_decomp_table",
    "torch._inductor.exc.GPUTooOldForTriton",
    "torch._inductor.exc.InvalidCxxCompiler",
    "torch._inductor.exc.TritonMissing",
    "torch._ops.OpOverload",
    "torch._standard_gamma",
    "torch._standard_gamma_grad",
    "torch._subclasses.fake_tensor.DataDependentOutputException",
    "torch._subclasses.fake_tensor.DynamicOutputShapeException",
    "torch._subclasses.fake_tensor.FakeTensor",
    "torch._subclasses.fake_tensor.FakeTensorMode",
    "torch._subclasses.fake_tensor.unset_fake_temporarily",
    "torch.autograd.forward_ad._current_level",
    "torch.autograd.graph._engine_run_backward",
    "torch.autograd.profiler._is_profiler_enabled",
    "torch.utils._python_dispatch.TorchDispatchMode",
    "torch.utils._pytree.SUPPORTED_NODES",
    "torch.utils._pytree.register_pytree_node",
)
