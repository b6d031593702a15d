"""The table of names: the counterpart here of each name of JAX, brainstate and related packages.

The porting tool, the import hook and the tests all read this one table. A home is a dotted name below
``brainstate_torch``. Whether it exists is looked up when it is asked for, so that a name that the package gains is
found without a change here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["BROUGHT", "CALLS", "DTYPES", "FOREIGN", "MODULES", "NAMES", "NOT_PORTED", "TORCH", "Call"]


@dataclass(frozen=True)
class Call:
    """A function whose arguments have other names or places at home.

    Parameters
    ----------
    home
        The function here.
    takes
        The names of the positional arguments of the original, in order.
    positional
        How many of them stay positional.
    renamed
        New names of arguments.
    dropped
        Arguments that mean nothing here.
    """

    home: str
    takes: tuple[str, ...]
    positional: int = 1
    renamed: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


#: The packages whose names are ported. Anything else is left as it is.
FOREIGN = (
    "brainstate", "brainunit", "saiunit", "braintools", "brainevent", "brainpy", "brainpy_state", "braintrace",
    "brainmass", "braincell", "jax", "optax", "jaxlib", "orbax",
)  # fmt: skip

#: Packages, and parts of them, that are ported as they are imported where they are installed, for names without a home
#: here.
BROUGHT = ("braintools", "brainmass", "brainpy_state", "braincell", "braintrace.nn")

#: Modules that neighbours took over, for names that are not here: they may be brought from there.
MOVED = {
    "brainstate.nn": "brainpy.state",
    "brainstate.init": "braintools.init",
    "brainstate.optim": "braintools.optim",
    "brainstate.surrogate": "braintools.surrogate",
}

#: Modules as a whole: a name that is not below has its home in the module that stands beside its own.
MODULES = {
    "brainstate": "",
    "brainstate.augment": "transform",
    "brainstate.compile": "transform",
    "brainstate.functional": "nn",
    "brainstate.init": "init",
    "brainstate.optim": "optim",
    "brainstate.surrogate": "spiking.surrogate",
    "brainstate.event": "nn",
    "brainunit": "units",
    "saiunit": "units",
    "braintools.init": "init",
    "braintools.optim": "optim",
    "braintools.surrogate": "spiking.surrogate",
    "braintools.metric": "metric",
    "braintools.input": "input",
    "braintools.visualize": "visualize",
    "braintools.file": "interop",
    "brainevent": "event",
    "brainpy": "spiking",
    "brainpy.state": "spiking",
    "brainpy_state": "spiking",
    "braintrace": "online",
    "braintrace.nn": "nn",
    "jax": "port.compat",
    "jax.numpy": "units.math",
    "jax.numpy.linalg": "units.linalg",
    "jax.numpy.fft": "units.fft",
    "jax.lax": "units.lax",
    "jax.nn": "nn",
    "jax.random": "port.compat.random",
    "jax.tree": "port.compat.tree",
    "jax.tree_util": "port.compat.tree_util",
    "jax.debug": "port.compat.debug",
    "jax.nn.initializers": "port.compat.initializers",
    "jax.config": "port.compat.config",
    "jax.scipy": "port.compat.scipy",
    "jax.scipy.special": "port.compat.scipy.special",
    "jax.scipy.linalg": "port.compat.scipy.linalg",
    "jax.scipy.signal": "port.compat.scipy.signal",
    "jax.scipy.stats": "port.compat.scipy.stats",
    "jax.flatten_util": "port.compat.flatten_util",
    "jax.ops": "port.compat.ops",
    "jax.test_util": "port.compat.test_util",
    "jax._src.test_util": "port.compat.test_util",
    "jax.dtypes": "units.math",
    "optax": "metric",
    "braintools.tree": "port.compat.tree_arithmetic",
    "orbax.checkpoint": "port.compat.orbax",
    "optax.losses": "metric",
}

#: Single names that differ from their module's home.
NAMES = {
    "jax.Array": "torch.Tensor",
    "jax.core.Tracer": "torch.Tensor",
    "jax.P": "transform.PartitionSpec",
    "jax.sharding.PartitionSpec": "transform.PartitionSpec",
    "jax.sharding.Mesh": "port.compat.Mesh",
    "jax.make_mesh": "port.compat.make_mesh",
    "jax.typing.ArrayLike": "typing.ArrayLike",
    "jax.typing.DTypeLike": "typing.DTypeLike",
    "jax.numpy.ndarray": "torch.Tensor",
    "jax.numpy.dtype": "port.compat.dtype",
    "jax.numpy.vectorize": "port.compat.vectorize",
    "jax.numpy.apply_along_axis": "port.compat.apply_along_axis",
    "jax.numpy.packbits": "port.compat.packbits",
    "jax.numpy.unpackbits": "port.compat.unpackbits",
    "jax.numpy.frombuffer": "port.compat.frombuffer",
    "jax.numpy.set_printoptions": "port.compat.set_printoptions",
    "jax.nn.dot_product_attention": "port.compat.dot_product_attention",
    "jax.nn.identity": "port.compat.identity",
    "jax.random.lognormal": "port.compat.lognormal",
    "jax.dtypes.canonicalize_dtype": "port.compat.dtype",
    "jax.jacobian": "transform.jacrev",
    "jax.lax.select_n": "port.compat.select_n",
    "jax.lax.is_finite": "units.math.isfinite",
    "jax.lax.dot": "units.math.dot",
    "jax.lax.reciprocal": "units.math.reciprocal",
    "jax.lax.optimization_barrier": "port.compat.identity",
    "brainevent.__version__": "__version__",
    "braintools.__version__": "__version__",
    "brainpy.__version__": "__version__",
    "brainmass.__version__": "__version__",
    "optax.__version__": "__version__",
    "jax.tree_map": "port.compat.tree.map",
    "jax.tree_leaves": "port.compat.tree.leaves",
    "jax.tree_flatten": "port.compat.tree.flatten",
    "jax.tree_unflatten": "port.compat.tree.unflatten",
    "jax.tree_structure": "port.compat.tree.structure",
    "jax.local_devices": "port.compat.devices",
    "jax.local_device_count": "port.compat.device_count",
    "jax.numpy.save": "port.compat.save",
    "jax.numpy.load": "port.compat.load",
    "jax.eval_shape": "transform.eval_shape",
    "jax.make_jaxpr": "transform.make_jaxpr",
    "jax.named_scope": "port.compat.named_scope",
    "jax.named_call": "transform.named_call",
    "jax.ShapeDtypeStruct": "transform.ShapeDtypeStruct",
    "jax.lax.scan": "transform.scan",
    "jax.lax.cond": "transform.cond",
    "jax.lax.switch": "transform.switch",
    "jax.lax.while_loop": "transform.while_loop",
    "jax.lax.map": "port.compat.lax_map",
    "jax.lax.fori_loop": "port.compat.fori_loop",
    "jax.lax.stop_gradient": "port.compat.stop_gradient",
    "jax.lax.psum": "transform.psum",
    "jax.lax.pmean": "transform.pmean",
    "jax.lax.axis_index": "transform.axis_index",
    "jax.lax.associative_scan": "port.compat.associative_scan",
    "jax.lax.select": "port.compat.select",
    "jax.lax.exp": "units.math.exp",
    "jax.lax.log": "units.math.log",
    "jax.lax.sqrt": "units.math.sqrt",
    "jax.lax.abs": "units.math.abs",
    "jax.lax.max": "units.math.maximum",
    "jax.lax.min": "units.math.minimum",
    "jax.nn.swish": "nn.silu",
    "jax.nn.hard_swish": "nn.hard_silu",
    "jax.nn.logsumexp": "nn.logsumexp",
    "jax.scipy.special.logsumexp": "nn.logsumexp",
    "brainstate.surrogate.ReluGrad": "spiking.surrogate.ReluGrad",
    "brainstate._compatible_import.safe_zip": "port.compat.internals.safe_zip",
    "brainstate._compatible_import.unzip2": "port.compat.internals.unzip2",
    "brainstate._state.record_state_value_write": "port.compat.internals.record_state_value_write",
    "brainstate.mixin._JointGenericAlias": "mixin.JointTypes",
    "brainstate.mixin._OneOfGenericAlias": "mixin.OneOfTypes",
    "brainpy.state.Module": "nn.Module",
    "brainunit.math.jnp": "units.math",
    "optax.softmax_cross_entropy_with_integer_labels": "metric.softmax_cross_entropy_with_integer_labels",
    "optax.l2_loss": "port.compat.optax_l2_loss",
    "optax.squared_error": "metric.squared_error",
    "braintools.optim.OptaxOptimizer": "port.compat.optimizers.OptaxOptimizer",
    "brainstate.optim.OptaxOptimizer": "port.compat.optimizers.OptaxOptimizer",
    "brainevent.EventArray": "event.BinaryArray",
    "braintrace.nn.LeakyRateReadout": "spiking.LeakyRateReadout",
    "braintrace.conv": "port.compat.etrace_conv",
    "braintrace.ParamDimVjpAlgorithm": "online.D_RTRL",
    "braintrace.IODimVjpAlgorithm": "online.pp_prop",
    "braintrace.ETraceVjpAlgorithm": "online.ETraceAlgorithm",
    "braintrace.__version__": "__version__",
    "brainstate.nn.DynamicsGroup": "nn.Module",
    "brainstate.nn.ModuleMapper": "nn.Map",
    "brainstate.mixin.AlignPost": "spiking.AlignPost",
    "brainpy.mixin.AlignPost": "spiking.AlignPost",
    "brainevent.csr_on_pre": "event.update_csr_on_binary_pre",
    "brainevent.csr2csc_on_post": "event.update_csr_on_binary_post",
    "brainevent.dense_on_pre": "event.update_dense_on_binary_pre",
    "brainevent.dense_on_post": "event.update_dense_on_binary_post",
    "brainevent.JITCHomoR": "event.JITCScalarR",
    "brainevent.JITCHomoC": "event.JITCScalarC",
    "brainevent.FixedPostNumConn": "event.FixedNumPerPre",
    "brainevent.FixedPreNumConn": "event.FixedNumPerPost",
}
for _name in ("conv", "conv_general_dilated", "conv_with_general_padding", "reduce", "reduce_and", "reduce_max",
              "reduce_min", "reduce_or", "reduce_prod", "reduce_sum", "reduce_window"):  # fmt: skip
    NAMES[f"jax.lax.{_name}"] = f"port.compat.{_name}"
for _name in (
    "EmptyState", "GradientTransformation", "adagrad", "adam", "adamw", "add_decayed_weights", "apply_updates", "chain",
    "clip", "clip_by_global_norm", "constant_schedule", "cosine_decay_schedule", "exponential_decay", "global_norm",
    "identity", "incremental_update", "join_schedules", "linear_schedule", "piecewise_constant_schedule",
    "polynomial_schedule", "rmsprop", "scale", "scale_by_adam", "scale_by_learning_rate", "scale_by_rms",
    "scale_by_rss", "scale_by_schedule", "sgd", "trace", "warmup_cosine_decay_schedule",
):  # fmt: skip
    NAMES[f"optax.{_name}"] = f"port.compat.updates.{_name}"
for _old in ("LIF", "IF", "LIFRef", "ALIF", "Expon", "DualExpon", "Alpha", "STP", "STD", "COBA", "CUBA", "MgBlock",
             "AMPA", "GABAa", "AlignPostProj", "DeltaProj", "CurrentProj", "HH", "SpikeTime", "PoissonSpike", "SynOut",
             "PoissonEncoder", "PoissonInput", "LeakyRateReadout", "SymmetryGapJunction", "AsymmetryGapJunction",
             "Neuron", "Synapse", "Projection", "poisson_input", "align_pre_projection"):  # fmt: skip
    # They were in brainstate.nn until they moved to brainpy.state.
    NAMES[f"brainstate.nn.{_old}"] = f"spiking.{_old}"
for _old in ("LIF", "IF", "ALIF", "Expon", "DualExpon", "Alpha", "STP", "STD"):
    NAMES[f"braintrace.nn.{_old}"] = f"spiking.{_old}"

for _cell in ("MiniGRU", "MiniLSTM", "MinimalRNNCell"):
    NAMES[f"braintrace.nn.{_cell}"] = f"online.{_cell}"

_DERIVATIVE = ("fun", "argnums", "has_aux", "holomorphic", "allow_int")


def _draw(name: str, *takes: str, **renamed: str) -> tuple[str, Call]:
    """A function of jax.random: the key comes first there, and the size is called a shape."""
    home = renamed.pop("home", name)
    return f"jax.random.{name}", Call(
        f"random.{home}", ("key", *takes), 0, {"shape": "size", **renamed}, ("out_sharding", "mode", "method")
    )


_RANDOM = dict(
    [
        _draw("normal", "shape", "dtype"),
        _draw("uniform", "shape", "dtype", "minval", "maxval", minval="low", maxval="high"),
        _draw("randint", "shape", "minval", "maxval", "dtype", minval="low", maxval="high"),
        _draw("bernoulli", "p", "shape"),
        _draw("permutation", "x", "axis", "independent"),
        _draw("choice", "a", "shape", "replace", "p"),
        _draw("categorical", "logits", "axis", "shape"),
        _draw("truncated_normal", "lower", "upper", "shape", "dtype"),
        _draw("exponential", "shape", "dtype"),
        _draw("gamma", "a", "shape", "dtype", a="shape", shape="size"),
        _draw("beta", "a", "b", "shape", "dtype"),
        _draw("poisson", "lam", "shape", "dtype"),
        _draw("gumbel", "shape", "dtype"),
        _draw("laplace", "shape", "dtype"),
        _draw("logistic", "shape", "dtype"),
        _draw("cauchy", "shape", "dtype", home="standard_cauchy"),
        _draw("dirichlet", "alpha", "shape", "dtype"),
        _draw("multivariate_normal", "mean", "cov", "shape", "dtype"),
        _draw("t", "df", "shape", "dtype"),
        _draw("binomial", "n", "p", "shape", "dtype"),
        _draw("chisquare", "df", "shape", "dtype"),
        _draw("geometric", "p", "shape", "dtype"),
        _draw("loggamma", "a", "shape", "dtype"),
        _draw("maxwell", "shape", "dtype"),
        _draw("pareto", "b", "shape", "dtype", b="a"),
        _draw("rayleigh", "scale", "shape", "dtype"),
        _draw("weibull_min", "scale", "concentration", "shape", "dtype", concentration="a"),
    ]
)

#: Functions whose arguments differ.
CALLS = {
    "jax.jit": Call("transform.jit", ("fun",)),
    "jax.grad": Call("transform.grad", _DERIVATIVE),
    "jax.jacrev": Call("transform.jacrev", _DERIVATIVE),
    "jax.jacfwd": Call("transform.jacfwd", _DERIVATIVE[:4]),
    "jax.hessian": Call("transform.hessian", _DERIVATIVE[:4]),
    "jax.vmap": Call("transform.vmap", ("fun", "in_axes", "out_axes", "axis_name", "axis_size", "spmd_axis_name"),
                     renamed={"fun": "fn"}),
    "jax.checkpoint": Call("transform.checkpoint", ("fun",)),
    "jax.remat": Call("transform.checkpoint", ("fun",)),
    "jax.shard_map": Call("transform.shard_map", ("f", "mesh", "in_specs", "out_specs"), positional=4,
                          dropped=("axis_names",)),
    "jax.experimental.shard_map.shard_map": Call("transform.shard_map", ("f", "mesh", "in_specs", "out_specs"),
                                                 positional=4, renamed={"check_rep": "check_vma"}),
    **_RANDOM,
    "jax.jvp": Call("transform.jvp", ("fun", "primals", "tangents", "has_aux"), positional=3),
}  # fmt: skip

#: Words for dtypes, which JAX lets one call.
DTYPES = frozenset(
    {"bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "bfloat16",
     "float32", "float64", "complex64", "complex128", "float_", "int_", "uint", "single", "double", "csingle",
     "cdouble"}
)  # fmt: skip

#: Homes outside of this package.
TORCH = "torch."

_MESH = "torch places tensors on devices by torch.distributed, one device for each process"
_JAXPR = "there are no jaxprs: a program is a graph of torch"
_KERNEL = "kernels of XLA, Pallas and numba do not run on torch"

#: What cannot be ported, by the longest fitting name: why, and what to write in its place.
NOT_PORTED = {
    "jax.sharding": (_MESH, "torch.distributed.tensor"),
    "jax.experimental.pallas": (_KERNEL, "torch.library.custom_op with a Triton kernel"),
    "jax.experimental": ("it is experimental in JAX", "the nearest function of torch"),
    "jax.interpreters": (_JAXPR, "brainstate.transform.make_graph"),
    "jax.core": (_JAXPR, "brainstate.transform.make_graph"),
    "jax.extend": (_JAXPR, "brainstate.transform.make_graph"),
    "jax.pmap": (_MESH, "brainstate.transform.pmap2"),
    "jax.distributed": (_MESH, "torch.distributed"),
    "jax.profiler": ("it profiles XLA", "torch.profiler"),
    "jax.dlpack": ("both libraries speak DLPack", "torch.from_dlpack"),
    "jax.ffi": (_KERNEL, "torch.library.custom_op"),
    "jaxlib": ("it is JAX's compiler", "nothing: torch compiles by Inductor"),
    "brainevent.XLACustomKernel": (_KERNEL, "torch.library.custom_op"),
    "brainevent.numba_kernel": (_KERNEL, "torch.library.custom_op"),
    "optax": (
        "of optax, the losses and the commonest transformations are here",
        "the optimizer of brainstate.optim of that name",
    ),
    "orbax": (
        "of orbax, PyTreeCheckpointer and StandardCheckpointer are here",
        "brainstate_torch.interop.save and load",
    ),
    "braintools": ("braintools is not installed here, or lacks it", "pip install --no-deps braintools, and port again"),
    "brainmass": ("brainmass is not installed here, or lacks it", "pip install --no-deps brainmass, and port again"),
    "braincell": ("braincell is not installed here, or lacks it", "pip install --no-deps braincell, and port again"),
    "brainpy.state": (
        "brainpy_state is not installed here, or lacks it",
        "pip install --no-deps brainpy_state, and port again",
    ),
    "braintrace": ("its compiler works on jaxprs", "D_RTRL, pp_prop or EProp of brainstate_torch.online"),
    "brainpy.math": ("it is brainpy 2, another programming model", "brainstate's States and transforms"),
    "brainpy": ("it is not written for torch", "python -m brainstate_torch.port --package brainpy_state FOLDER"),
}
