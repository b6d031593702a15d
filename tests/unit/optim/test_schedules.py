import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import optim, transform

T = torch.optim.lr_scheduler
#: Ours, and torch's with the same numbers, for an optimizer of rate 0.5.
PAIRS = {
    "constant": (lambda: optim.ConstantLR(0.5), lambda o: T.ConstantLR(o)),
    "step": (lambda: optim.StepLR(0.5, 3, 0.2), lambda o: T.StepLR(o, 3, 0.2)),
    "multi step": (lambda: optim.MultiStepLR(0.5, (2, 5, 5)), lambda o: T.MultiStepLR(o, [2, 5, 5])),
    "exponential": (lambda: optim.ExponentialLR(0.5, 0.9), lambda o: T.ExponentialLR(o, 0.9)),
    "linear": (lambda: optim.LinearLR(0.5, 0.25, 0.75, 4), lambda o: T.LinearLR(o, 0.25, 0.75, 4)),
    "linear default": (lambda: optim.LinearLR(0.5), lambda o: T.LinearLR(o)),
    "polynomial": (lambda: optim.PolynomialLR(0.5, 5, 2.0), lambda o: T.PolynomialLR(o, 5, 2.0)),
    "cosine": (lambda: optim.CosineAnnealingLR(0.5, 12, 0.1), lambda o: T.CosineAnnealingLR(o, 12, 0.1)),
    "restarts": (
        lambda: optim.CosineAnnealingWarmRestarts(0.5, 3, 1, 0.1),
        lambda o: T.CosineAnnealingWarmRestarts(o, 3, 1, 0.1),
    ),
    "longer restarts": (
        lambda: optim.CosineAnnealingWarmRestarts(0.5, 2, 2, 0.1),
        lambda o: T.CosineAnnealingWarmRestarts(o, 2, 2, 0.1),
    ),
    "chained": (
        lambda: optim.ChainedScheduler([optim.ConstantLR(0.5), optim.ExponentialLR(0.5, 0.9)]),
        lambda o: T.ChainedScheduler([T.ConstantLR(o), T.ExponentialLR(o, 0.9)]),
    ),
    "sequential": (
        lambda: optim.SequentialLR([optim.LinearLR(0.5, 0.2, 1.0, 4), optim.ExponentialLR(0.5, 0.9)], [4]),
        lambda o: T.SequentialLR(o, [T.LinearLR(o, 0.2, 1.0, 4), T.ExponentialLR(o, 0.9)], [4]),
    ),
    "three in sequence": (
        lambda: optim.SequentialLR(
            [optim.ConstantLR(0.5, 1.0), optim.StepLR(0.5, 2), optim.ExponentialLR(0.5, 0.5)], [2, 7]
        ),
        lambda o: T.SequentialLR(o, [T.ConstantLR(o, 1.0), T.StepLR(o, 2), T.ExponentialLR(o, 0.5)], [2, 7]),
    ),
    "three chained": (
        lambda: optim.ChainedScheduler(
            [optim.LinearLR(0.5, 0.5, 1.0, 3), optim.StepLR(0.5, 2, 0.3), optim.ExponentialLR(0.5, 0.9)]
        ),
        lambda o: T.ChainedScheduler([T.LinearLR(o, 0.5, 1.0, 3), T.StepLR(o, 2, 0.3), T.ExponentialLR(o, 0.9)]),
    ),
    "polynomial to its end": (lambda: optim.PolynomialLR(0.5, 4, 1.0), lambda o: T.PolynomialLR(o, 4, 1.0)),
    "multi step with a factor": (
        lambda: optim.MultiStepLR(0.5, (1, 4), gamma=0.3),
        lambda o: T.MultiStepLR(o, [1, 4], gamma=0.3),
    ),
}


@pytest.mark.parametrize("ours, theirs", PAIRS.values(), ids=PAIRS.keys())
def test_every_epoch_is_torchs(ours, theirs):
    schedule = ours()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    reference = theirs(optimizer)
    for _ in range(12):
        (rate,) = schedule.get_last_lr()
        assert float(rate) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        reference.step()
        schedule.step()


def test_the_factors_of_a_constant_rate_are_torchs_lambdas():
    class Factor(optim.LRScheduler):
        def formula(self, base, epoch):
            return base * 0.9**epoch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    reference, found = T.LambdaLR(optimizer, lambda epoch: 0.9**epoch), []
    for _ in range(6):
        found.append(reference.get_last_lr()[0])
        optimizer.step()
        reference.step()
    assert rates(Factor(0.5), 6) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("ours, theirs", PAIRS.values(), ids=PAIRS.keys())
def test_a_schedule_that_is_saved_and_loaded_goes_on_as_torchs(ours, theirs):
    first, second = ours(), ours()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    reference = theirs(optimizer)
    for _ in range(5):
        first.step()
        optimizer.step()
        reference.step()
    second.load_state_dict(first.state_dict())
    assert float(second.get_last_lr()[0]) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
@pytest.mark.parametrize("up", [1, 3])
def test_every_epoch_of_a_cycle_is_torchs(mode, up):
    # With another length of the way down braintools, and so this one, differs from torch.
    schedule = optim.CyclicLR(0.1, 0.9, up, mode=mode, gamma=0.8)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    reference = T.CyclicLR(optimizer, 0.1, 0.9, up, mode=mode, gamma=0.8, cycle_momentum=False)
    for _ in range(14):
        assert float(schedule.get_last_lr()[0]) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        reference.step()
        schedule.step()


@pytest.mark.parametrize(("scale_mode", "argument"), [("cycle", 1.0), ("iterations", 2.0)])
def test_the_height_of_a_cycle_is_a_function_of_its_number_or_of_the_epoch(scale_mode, argument):
    seen = []
    schedule = optim.CyclicLR(0.0, 1.0, 4, scale_fn=lambda x: seen.append(float(x)) or 0.5, scale_mode=scale_mode)
    schedule.step(2)
    assert seen[-1] == argument and float(schedule.get_last_lr()[0]) == 0.25


#: A measure that falls, stands, falls by less than a thousandth, rises and falls again.
MEASURES = [3.0, 2.0, 2.0, 1.999, 1.9985, 2.5, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.4999, 0.4998, 0.4]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"patience": 0},
        {"patience": 1, "threshold": 1e-3, "factor": 0.5},
        {"patience": 1, "threshold": 0.01, "threshold_mode": "abs"},
        {"patience": 0, "mode": "max", "factor": 0.7},
        {"patience": 1, "mode": "max", "threshold": 0.01, "threshold_mode": "abs", "factor": 0.7},
        {"patience": 0, "factor": 0.3, "min_lr": 0.02},
    ],
    ids=str,
)
def test_a_plateau_is_where_torch_sees_one(options):
    # torch makes no reduction smaller than `eps`; here it has no effect, as in braintools.
    options = {"patience": 2, "factor": 0.1, **options}
    schedule = optim.ReduceLROnPlateau(0.5, **options)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
    reference = T.ReduceLROnPlateau(optimizer, **options, eps=0.0)
    for measure in MEASURES:
        schedule.step(measure)
        reference.step(measure)
        assert float(schedule.get_last_lr()[0]) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        assert float(schedule.best.value) == reference.best
        assert int(schedule.num_bad_epochs.value) == reference.num_bad_epochs


def test_after_a_reduction_a_plateau_looks_away():
    schedule = optim.ReduceLROnPlateau(1.0, factor=0.5, patience=0, cooldown=2)
    found = []
    for measure in (1.0, 1.0, 0.1, 0.1, 2.0, 2.0):
        schedule.step(measure)
        found.append((float(schedule.get_last_lr()[0]), int(schedule.cooldown_counter.value)))
    # Two measures after the reduction are not looked at, so that 2.0 is worse than 1.0.
    assert found == [(1.0, 0), (0.5, 2), (0.5, 1), (0.5, 0), (0.25, 2), (0.25, 1)]
    assert float(schedule.best.value) == 1.0


def test_each_schedule_of_a_sequence_starts_from_its_own_rate():
    sequence = optim.SequentialLR(
        [optim.ConstantLR(1.0, 1.0), optim.ExponentialLR(0.4, 0.5), optim.LinearLR(8.0, 0.25, 1.0, 2)], [2, 4]
    )
    assert rates(sequence, 7) == pytest.approx([1.0, 1.0, 0.4, 0.2, 2.0, 5.0, 8.0])


def rates(schedule, epochs):
    found = []
    for _ in range(epochs):
        found.append(float(schedule.get_last_lr()[0]))
        schedule.step_epoch()
    return found


def test_exponential_decay():
    smooth = optim.ExponentialDecayLR(1.0, decay_steps=2, decay_rate=0.25, transition_begin=1, end_value=0.2)
    assert rates(smooth, 5) == pytest.approx([1.0, 1.0, 0.5, 0.25, 0.2])
    stairs = optim.ExponentialDecayLR(1.0, decay_steps=2, decay_rate=4.0, staircase=True, end_value=4.5)
    assert rates(stairs, 5) == pytest.approx([1.0, 1.0, 4.0, 4.0, 4.5])
    free = optim.ExponentialDecayLR(1.0, decay_steps=1, decay_rate=0.5)
    assert rates(free, 3) == [1.0, 0.5, 0.25]


def test_piecewise_constant():
    assert rates(optim.PiecewiseConstantSchedule(1.0, [1, 3], [3.0, 2.0, 1.0]), 5) == [3.0, 2.0, 2.0, 1.0, 1.0]
    assert rates(optim.PiecewiseConstantSchedule(), 1) == [1.0]


def test_warmup():
    assert rates(optim.WarmupScheduler(1.0, 2, 0.5), 4) == [0.5, 0.75, 1.0, 1.0]
    assert rates(optim.WarmupScheduler(1.0, 0), 2) == [1.0, 1.0]
    assert rates(optim.LinearLR(1.0, 0.5, 0.75, 0), 2) == [0.75, 0.75]
    cosine = rates(optim.WarmupCosineSchedule(1.0, 2, 6, 0.5, 0.2), 8)
    assert cosine == pytest.approx([0.5, 0.75, 1.0, 0.882843, 0.6, 0.317157, 0.2, 0.2], rel=1e-5)


def test_one_cycle():
    up_and_down = optim.OneCycleLR(1.0, epochs=2, steps_per_epoch=4, pct_start=0.5, div_factor=4, final_div_factor=10)
    assert rates(up_and_down, 5) == pytest.approx([0.25, 0.4375, 0.625, 0.8125, 1.0])
    assert rates(up_and_down, 5) == pytest.approx([0.868198, 0.55, 0.231802, 0.1, 0.1], rel=1e-5)
    line = optim.OneCycleLR(1.0, 4, pct_start=0.5, anneal_strategy="linear", final_div_factor=10, last_epoch=3)
    assert rates(line, 2) == pytest.approx([0.55, 0.1])


def test_a_schedule_starts_where_it_is_told_and_jumps():
    schedule = optim.ExponentialLR(1.0, 0.5, last_epoch=2)
    assert rates(schedule, 1) == [0.25]
    schedule.step(0)
    assert rates(schedule, 1) == [1.0]


def test_a_rate_may_have_a_unit():
    schedule = optim.CosineAnnealingLR(2.0 * u.mV, T_max=2, eta_min=1000.0 * u.uV)
    schedule.step()
    (rate,) = schedule.get_last_lr()
    assert rate.unit == u.mV and float(rate.mantissa) == pytest.approx(1.5)
    assert schedule.base_lrs == [2.0 * u.mV] and repr(schedule) == "CosineAnnealingLR(base_lr=2.0 mV)"
    schedule.set_current(3.0 * u.volt)
    assert float(schedule.get_last_lr()[0].mantissa) == 3000.0
    with pytest.raises(u.UnitMismatchError, match=r"`lr` must have the dimension of `base_lr`, which is in mV. Got 1"):
        schedule.set_current(3.0)
    with pytest.raises(u.UnitMismatchError, match=r"`eta_min` must have the dimension of `base_lr`"):
        optim.CosineAnnealingLR(2.0 * u.mV, eta_min=1.0 * u.ms)


def test_saving_goes_on_with_the_same_rates():
    schedule = optim.StepLR(1.0 * u.mV, step_size=2)
    schedule.step(3)
    schedule.apply(lambda rate: rate * 2)
    other = optim.StepLR(5.0 * u.mV, step_size=2)
    other.load_state_dict(schedule.state_dict())
    assert float(other.get_last_lr()[0].mantissa) == pytest.approx(0.2)
    other.step()
    assert float(other.get_last_lr()[0].mantissa) == pytest.approx(0.01)
    plain = optim.StepLR(7.0)
    with pytest.raises(u.UnitMismatchError, match=r"`base_lr` must have the dimension"):
        plain.load_state_dict(schedule.state_dict())
    assert float(plain.get_last_lr()[0]) == 7.0 and int(plain.last_epoch.value) == 0


@pytest.mark.parametrize("ours", [pair[0] for pair in PAIRS.values()], ids=PAIRS.keys())
def test_a_schedule_runs_in_a_loop(ours):
    inside, outside = ours(), ours()

    def step():
        (rate,) = inside.get_last_lr()
        inside.step()
        return rate

    assert transform.for_loop(step, length=6).tolist() == pytest.approx(rates(outside, 6), rel=1e-14)


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: optim.StepLR(step_size=0), r"`step_size` must be at least 1. Got 0"),
        (lambda: optim.ExponentialDecayLR(decay_steps=0), r"`decay_steps` must be at least 1"),
        (lambda: optim.ExponentialDecayLR(decay_rate=0.0), r"`decay_rate` must be positive. Got 0.0"),
        (lambda: optim.ExponentialDecayLR(transition_begin=-1), r"`transition_begin` must be at least 0"),
        (lambda: optim.PolynomialLR(total_iters=0), r"`total_iters` must be at least 1"),
        (lambda: optim.LinearLR(total_iters=-1), r"`total_iters` must be at least 0"),
        (lambda: optim.WarmupScheduler(warmup_epochs=-1), r"`warmup_epochs` must be at least 0"),
        (lambda: optim.CosineAnnealingLR(T_max=0), r"`T_max` must be at least 1"),
        (lambda: optim.CosineAnnealingWarmRestarts(T_0=0), r"`T_0` must be at least 1"),
        (lambda: optim.CosineAnnealingWarmRestarts(T_mult=0), r"`T_mult` must be at least 1"),
        (lambda: optim.OneCycleLR(), r"`total_steps` must be given"),
        (lambda: optim.OneCycleLR(total_steps=0), r"`total_steps` must be at least 1"),
        (lambda: optim.OneCycleLR(total_steps=5, pct_start=1.0), r"`pct_start` must lie in \(0, 1\)"),
        (lambda: optim.OneCycleLR(total_steps=5, anneal_strategy="x"), r"`anneal_strategy` must be 'cos' or 'linear'"),
        (lambda: optim.PiecewiseConstantSchedule(boundaries=[1], values=[1.0]), r"`values` must be one more"),
        (lambda: optim.ChainedScheduler([]), r"`schedulers` must hold at least one"),
        (lambda: optim.SequentialLR([optim.StepLR()], [3]), r"`schedulers` must be one more than `milestones`"),
        (lambda: optim.StepLR([]), r"`base_lr` must hold a learning rate for each group"),
    ],
)
def test_numbers_out_of_range_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_schedules_are_made_of_schedules():
    with pytest.raises(TypeError, match=r"`schedulers` must be LRSchedulers. Got float"):
        optim.ChainedScheduler([0.1])
    with pytest.raises(NotImplementedError, match=r"LRScheduler must define `formula`"):
        optim.LRScheduler(0.1)
