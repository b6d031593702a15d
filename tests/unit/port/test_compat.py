"""Functions of JAX that have no other home here, against closed forms, numpy and scipy."""

import dataclasses
import math

import numpy as np
import pytest
import torch

import brainstate_torch
from brainstate_torch.port import Home, lookup, resolve
from brainstate_torch.port.compat import tree, tree_util, updates
from brainstate_torch.units import lax


def tensor(*numbers):
    return torch.tensor(numbers)


def test_a_rule_may_call_its_own_function():
    custom_vjp = lookup("jax.custom_vjp")

    @custom_vjp
    def step(v):
        return (v > 0).to(v.dtype)

    step.defvjp(lambda v: (step(v), v), lambda v, g: (g / (1 + v.abs()) ** 2,))
    grad = lookup("jax.grad")
    torch.testing.assert_close(grad(lambda v: step(v).sum())(tensor(-1.0, 2.0)), tensor(1 / 4, 1 / 9))
    custom_jvp = lookup("jax.custom_jvp")
    wave = custom_jvp(lambda x: torch.sin(x))
    wave.defjvp(lambda p, t: (wave(p[0]), 3 * t[0]))
    assert grad(wave)(torch.tensor(1.0)) == 3.0


def test_segments_leave_out_what_is_out_of_range():
    data, ids = tensor(1.0, 2.0, 3.0, 4.0), torch.tensor([0, 0, 5, -1])
    assert lookup("jax.ops.segment_sum")(data, ids, 3).tolist() == [3.0, 0.0, 0.0]
    assert lookup("jax.ops.segment_max")(data, ids, num_segments=2).tolist() == [2.0, -math.inf]
    assert lookup("jax.ops.segment_prod")(data[:2], ids[:2]).tolist() == [2.0]


def test_a_tree_becomes_a_vector_and_comes_back():
    flat, back = lookup("jax.flatten_util.ravel_pytree")({"b": torch.arange(2), "a": torch.ones(2, 2)})
    assert flat.tolist() == [1.0, 1.0, 1.0, 1.0, 0.0, 1.0]
    assert back(flat)["b"].dtype is torch.int64
    assert list(back(flat)) == ["a", "b"]


def test_a_dataclass_is_a_node():
    @dataclasses.dataclass
    class Pair:
        x: object
        name: str = dataclasses.field(metadata={"static": True})

    tree_util.register_dataclass(Pair)
    doubled = tree.map(lambda x: 2 * x, Pair(tensor(1.0), "n"))
    assert (doubled.x.item(), doubled.name) == (2.0, "n")
    slope = lookup("jax.grad")(lambda p: (p.x**2).sum())(Pair(tensor(3.0), "n"))
    assert slope.x.item() == 6.0


def test_none_is_a_leaf_where_the_user_says_so():
    assert len(tree.leaves([1, None, (2, None)], is_leaf=lambda x: x is None)) == 4
    assert len(tree.leaves([1, None, (2, None)])) == 2


def test_keys_of_paths_read_as_in_jax():
    (path, _), *_ = tree_util.tree_leaves_with_path({"a": [1]})
    assert repr(path) == "(DictKey(key='a'), SequenceKey(idx=0))"
    assert tree_util.keystr(path) == "['a'][0]"


def test_windows_and_convolutions():
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    window = (1, 1, 2, 2)
    largest = lookup("jax.lax.reduce_window")(x, -math.inf, torch.maximum, window, window, "VALID")
    assert largest.flatten().tolist() == [5.0, 7.0, 13.0, 15.0]
    total = lookup("jax.lax.reduce_window")(x, 0.0, torch.add, window, (1, 1, 1, 1), "SAME")
    assert total[0, 0, -1].tolist() == [25.0, 27.0, 29.0, 15.0]
    kernel = torch.randn(3, 2, 3, 3)
    image = torch.randn(2, 5, 6, 2)
    found = lookup("jax.lax.conv_general_dilated")(
        image, kernel.permute(2, 3, 1, 0), (2, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    padded = torch.nn.functional.pad(image.permute(0, 3, 1, 2), (1, 1, 1, 1))
    torch.testing.assert_close(found, torch.nn.functional.conv2d(padded, kernel, stride=(2, 1)).permute(0, 2, 3, 1))


def test_places_of_slices_may_be_traced():
    jit = lookup("jax.jit")
    x = torch.arange(10.0)
    assert lookup("jax.vmap")(lambda i: lax.dynamic_slice(x, (i,), (2,)))(torch.tensor([0, 20, -3])).tolist() == [
        [0.0, 1.0], [8.0, 9.0], [7.0, 8.0],
    ]  # fmt: skip
    written = jit(lambda i: lax.dynamic_update_slice(x, torch.zeros(2), (i,)), backend="replay")
    assert written(torch.tensor(100)).tolist() == [*range(8), 0.0, 0.0]
    assert lax.top_k(tensor(1, 3, 3, 2), 2)[1].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("jax.scipy.stats.norm.logpdf", (1.0, 0.0, 2.0), -0.5 * 0.25 - math.log(2 * math.sqrt(2 * math.pi))),
        ("jax.scipy.stats.norm.ppf", (0.5, 3.0), 3.0),
        ("jax.scipy.stats.norm.sf", (10.0,), 7.619853e-24),
        ("jax.scipy.stats.expon.cdf", (2.0, 0.0, 2.0), 1 - math.exp(-1)),
        ("jax.scipy.stats.uniform.pdf", (3.0, 0.0, 2.0), 0.0),
        ("jax.scipy.stats.poisson.pmf", (2, 1.5), 1.125 * math.exp(-1.5)),
        ("jax.scipy.special.gamma", (-0.5,), -2 * math.sqrt(math.pi)),
        ("jax.scipy.special.beta", (2.0, 3.0), 1 / 12),
    ],
)
def test_special_functions_and_distributions(name, args, expected):
    assert float(lookup(name)(*args)) == pytest.approx(expected, rel=1e-5)


def test_signals_are_cut_as_in_numpy():
    a, k = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.5])
    for mode in ("full", "same", "valid"):
        found = lookup("jax.scipy.signal.convolve")(torch.tensor(a), torch.tensor(k), mode=mode)
        np.testing.assert_allclose(found, np.convolve(a, k, mode))
        np.testing.assert_allclose(
            lookup("jax.scipy.signal.fftconvolve")(torch.tensor(a), torch.tensor(k), mode), found, atol=1e-12
        )


def test_triangular_and_cholesky_solutions():
    matrix, right = torch.tensor([[4.0, 1.0], [1.0, 3.0]]), tensor(1.0, 2.0)
    solved = torch.linalg.solve(matrix, right)
    home = lookup("jax.scipy.linalg.cho_solve")
    torch.testing.assert_close(home(lookup("jax.scipy.linalg.cho_factor")(matrix), right), solved)
    torch.testing.assert_close(home(lookup("jax.scipy.linalg.cho_factor")(matrix, lower=True), right), solved)
    lower = torch.linalg.cholesky(matrix)
    triangular = lookup("jax.scipy.linalg.solve_triangular")
    torch.testing.assert_close(triangular(lower, triangular(lower, right, lower=True), trans=1, lower=True), solved)
    assert lookup("jax.scipy.linalg.toeplitz")(tensor(1, 2), tensor(1, 5, 6)).tolist() == [[1, 5, 6], [2, 1, 5]]


def test_functions_of_vectors_broadcast():
    product = lookup("jax.numpy.vectorize")(torch.dot, signature="(n),(n)->()")
    assert product(torch.ones(2, 3), tensor(1.0, 2.0, 3.0)).tolist() == [6.0, 6.0]
    scaled = lookup("jax.numpy.vectorize")(lambda x, n: x * n, excluded={1})
    assert scaled(tensor(1.0, 2.0), 3).tolist() == [3.0, 6.0]


def test_bits_are_packed():
    bits = tensor(1, 0, 1, 0, 0, 0, 0, 0, 1)
    packed = lookup("jax.numpy.packbits")(bits)
    assert packed.tolist() == np.packbits(bits.numpy()).tolist()
    assert lookup("jax.numpy.unpackbits")(packed, count=9).tolist() == bits.tolist()


def test_attention_is_torchs():
    q, k, v = (torch.randn(2, 5, 4, 8) for _ in range(3))
    found = lookup("jax.nn.dot_product_attention")(q, k, v, is_causal=True)
    expected = torch.nn.functional.scaled_dot_product_attention(*(x.transpose(1, 2) for x in (q, k, v)), is_causal=True)
    torch.testing.assert_close(found, expected.transpose(1, 2))


TWINS = [
    (updates.sgd(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    (updates.sgd(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    (updates.sgd(0.1, momentum=0.9, nesterov=True), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True)),
    (updates.adam(0.1), lambda p: torch.optim.Adam(p, 0.1)),
    (updates.adamw(0.1, weight_decay=0.2), lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.2)),
    (updates.rmsprop(0.1, 0.99, eps_in_sqrt=False), lambda p: torch.optim.RMSprop(p, 0.1)),
]


@pytest.mark.parametrize(("ours", "theirs"), TWINS)
def test_updates_are_those_of_torchs_optimizers(ours, theirs):
    weights, twin = {"w": tensor(1.0, -2.0)}, torch.nn.Parameter(tensor(1.0, -2.0))
    state, optimizer = ours.init(weights), theirs([twin])
    for _ in range(4):
        change, state = ours.update({"w": 2 * weights["w"] + 1}, state, weights)
        weights = updates.apply_updates(weights, change)
        twin.grad = 2 * twin.detach() + 1
        optimizer.step()
    torch.testing.assert_close(weights["w"], twin.detach())


def test_schedules():
    warm = updates.warmup_cosine_decay_schedule(0.0, 1.0, 2, 6, 0.1)
    assert [round(float(warm(i)), 4) for i in (0, 1, 2, 4, 6, 9)] == [0.0, 0.5, 1.0, 0.55, 0.1, 0.1]
    steps = updates.piecewise_constant_schedule(1.0, {2: 0.5, 4: 0.1})
    assert [round(float(steps(i)), 3) for i in range(5)] == [1.0, 1.0, 0.5, 0.5, 0.05]
    clipped, _ = updates.clip_by_global_norm(1.0).update([tensor(3.0, 4.0)], updates.EmptyState())
    torch.testing.assert_close(clipped[0], tensor(0.6, 0.8))


@pytest.mark.parametrize("name", ["jax.__version__", "optax.adam", "jax.lax.conv", "jax.Device", "jax.dtypes.finfo"])
def test_the_table_knows(name):
    assert isinstance(resolve(name), Home)


def test_a_function_of_shards_runs_on_a_mesh_of_one_process():
    spec = lookup("jax.sharding.PartitionSpec")
    by_name = lookup("jax.make_mesh")((1, 1), ("a", "b"))
    by_devices = lookup("jax.sharding.Mesh")(np.array(lookup("jax.devices")()), ("a",))
    assert (by_name.shape, by_name.axis_names, by_devices.size) == ({"a": 1, "b": 1}, ("a", "b"), 1)
    for mesh in (by_name, by_devices):
        total = lookup("jax.shard_map")(
            lambda x: lookup("jax.lax.psum")(x.sum(), "a"), mesh=mesh, in_specs=spec("a"), out_specs=spec()
        )
        assert total(torch.arange(4.0)) == 6.0
    old = lookup("jax.experimental.shard_map.shard_map")
    assert old(lambda x: 2 * x, by_name, spec("a"), spec("a"), check_rep=False)(tensor(3.0)).tolist() == [6.0]


def test_a_map_over_parts_of_the_cpu_has_a_lane_for_each():
    config, devices = lookup("jax.config"), lookup("jax.devices")
    config.update("jax_num_cpu_devices", 3)
    try:
        assert [str(x) for x in devices()] == ["TFRT_CPU_0", "TFRT_CPU_1", "TFRT_CPU_2"]
        f = brainstate_torch.transform.pmap2(lambda x: x + 1, devices=devices())
        assert f(torch.arange(float(lookup("jax.local_device_count")()))).tolist() == [1.0, 2.0, 3.0]
    finally:
        config.update("jax_num_cpu_devices", 1)
    assert len(devices()) == 1


def test_a_mesh_must_have_the_devices_there_are():
    with pytest.raises(ValueError, match=r"`axis_shapes` must multiply to the number of processes, 1. Got \(2, 1\)"):
        lookup("jax.make_mesh")((2, 1), ("a", "b"))
    with pytest.raises(ValueError, match=r"`axis_names` must have a name for each of 2 axes"):
        lookup("jax.sharding.Mesh")(np.zeros((1, 1)), ("a",))


@pytest.mark.parametrize("name", ["PyTreeCheckpointer", "StandardCheckpointer"])
def test_a_tree_is_written_and_read_as_orbax_does(tmp_path, name):
    keeper = lookup(f"orbax.checkpoint.{name}")()
    written = {"w": brainstate_torch.ParamState(tensor(1.0, 2.0)).value, "n": 3, "more": [np.arange(2), "text"]}
    keeper.save(tmp_path / "new" / "state", written)
    keeper.wait_until_finished()
    found = keeper.restore(tmp_path / "new" / "state", written)
    assert (found["w"].tolist(), found["n"], found["more"][0].tolist()) == ([1.0, 2.0], 3, [0, 1])
    with pytest.raises(ValueError, match="`directory` must be new"):
        keeper.save(tmp_path / "new" / "state", {})
    keeper.save(tmp_path / "new" / "state", {"w": 1}, force=True)
    assert keeper.restore(str(tmp_path / "new" / "state")) == {"w": 1}
    with pytest.raises(ValueError, match="`item` must have the structure"):
        keeper.restore(tmp_path / "new" / "state", {"v": 1})
    with pytest.raises(FileNotFoundError, match="that this class has written"):
        keeper.restore(tmp_path)
    with pytest.raises(TypeError, match="`item` must hold arrays"):
        keeper.save(tmp_path / "other", {"x": object()})
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["state"]


@pytest.mark.parametrize("jitted", [False, True], ids=["eager", "jit"])
def test_each_lane_of_a_map_prints_for_itself(capsys, jitted):
    lane, put = tensor(1.0, 2.0), lookup("jax.debug.print")
    vmap = brainstate_torch.transform.vmap

    def shown(i, x):
        put("lane {i:.0f}: x={x}", i=i, x=x)
        return x * 2

    def function(x):
        grad = brainstate_torch.transform.grad
        return vmap(lambda i: vmap(grad(lambda y: shown(i, y)))(x))(lane - 1), vmap(shown, in_axes=(None, 0))(
            lane[0], x
        )

    if jitted:
        function = brainstate_torch.transform.jit(function, backend="replay")
    function(lane)
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines[:4]) == [f"lane {i}: x={x}" for i in (0, 1) for x in (1.0, 2.0)]
    assert lines[4:] == ["lane 1: x=1.0", "lane 1: x=2.0"]


@pytest.mark.parametrize("modes", [["fwd"], ["rev"], ["fwd", "rev"]], ids=str)
def test_derivatives_are_checked_against_differences(modes):
    check, custom_vjp = lookup("jax.test_util.check_grads"), lookup("jax.custom_vjp")
    x = torch.tensor([0.3, 1.2], dtype=torch.float64)
    check(lambda x, y: {"s": torch.sin(x) * y, "c": x.sum()}, (x, x + 1), order=2, modes=modes)
    with pytest.raises(AssertionError, match=r"VJP|JVP"):
        check(lambda x: torch.sin(x).detach(), (x,), 1, modes)
    wrong = custom_vjp(lambda x: x**2)
    wrong.defvjp(lambda x: (x**2, x), lambda x, g: (3 * x * g,))
    with pytest.raises(AssertionError, match="VJP"):
        check(wrong, (x,), 1, ["rev"], atol=1e-3, rtol=1e-3)


def test_a_structure_counts_its_leaves_and_nodes():
    found = tree.structure({"a": 1, "b": [2, (3, None)]})
    assert (found.num_leaves, found.num_nodes) == (3, 7)


@pytest.mark.parametrize("method", [None, "silverman", 0.3])
def test_an_estimated_density_is_that_of_jax(method):
    jax = pytest.importorskip("jax")

    rng = np.random.default_rng(0)
    weights = rng.random(20).astype("float32")
    for samples in (rng.normal(size=20).astype("float32"), rng.normal(size=(2, 20)).astype("float32")):
        points = np.atleast_2d(samples)[..., :5] + np.float32(0.1)
        for given in (None, weights):
            theirs = jax.scipy.stats.gaussian_kde(samples, method, given)
            ours = lookup("jax.scipy.stats.gaussian_kde")(torch.tensor(samples), method, given)
            np.testing.assert_allclose(ours(torch.tensor(points)), theirs(points), rtol=1e-4)
            np.testing.assert_allclose(ours.logpdf(torch.tensor(points)), theirs.logpdf(points), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-4)
        if samples.ndim == 1:
            expected = theirs.integrate_box_1d(-0.5, 1.0)
            np.testing.assert_allclose(ours.integrate_box_1d(-0.5, 1.0), expected, rtol=1e-5)
    assert torch.isnan(lookup("jax.scipy.stats.gaussian_kde")(torch.ones(5))(torch.ones(2))).all()
    with pytest.raises(ValueError, match="`bw_method` must be"):
        lookup("jax.scipy.stats.gaussian_kde")(torch.ones(5), "wide")
