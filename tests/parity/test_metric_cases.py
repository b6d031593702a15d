"""Metrics over several batches: values, what their States hold, errors."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

RNG = np.random.default_rng(2)
BATCHES = [RNG.normal(1.0, 2.0, shape) for shape in ((4,), (2, 3), ())]
LOGITS = [RNG.normal(size=(5, 3)), RNG.normal(size=(2, 4, 3))]
LABELS = [RNG.integers(0, 3, x.shape[:-1]) for x in LOGITS]
CLASSES = [(RNG.integers(0, 3, 12), RNG.integers(0, 3, 12)), (RNG.integers(0, 2, 7), RNG.integers(0, 2, 7))]


def _over(f, metric, *updates):
    """The value before, after each update, and after a reset; and the States before that."""
    seen = [metric.compute()]
    for update in updates:
        metric.update(**update)
        seen.append(metric.compute())
    held = {key: value.value for key, value in vars(metric).items() if isinstance(value, f.bs.State)}
    metric.reset()
    return [_plain(x) for x in (*seen, metric.compute())], held


def _plain(x):
    names = ("mean", "standard_error_of_mean", "standard_deviation")
    return {name: getattr(x, name) for name in names} if hasattr(x, names[1]) else x


def _numbers(f, name="values", batches=BATCHES):
    return [{name: f.array(x)} for x in batches]


def _classes(f):
    return [{"predictions": f.array(p), "labels": f.array(y)} for p, y in CLASSES]


for _kind in ("AverageMetric", "WelfordMetric"):
    case(f"{_kind}: batches")(lambda f, kind=_kind: _over(f, getattr(f.bs.nn, kind)(), *_numbers(f)))
    case(f"{_kind}: another name")(lambda f, kind=_kind: _over(f, getattr(f.bs.nn, kind)("x"), *_numbers(f, "x")))
    case(f"{_kind}: numbers")(
        lambda f, kind=_kind: _over(f, getattr(f.bs.nn, kind)(), {"values": 2.0}, {"values": 3}, {"values": -1.5})
    )
    case(f"{_kind}: integers")(
        lambda f, kind=_kind: _over(f, getattr(f.bs.nn, kind)(), *_numbers(f, batches=[np.arange(5), np.arange(2)]))
    )
    case(f"{_kind}: a unit")(
        lambda f, kind=_kind: _units(f, getattr(f.bs.nn, kind)(), f.q([1.0, 2.0, 6.0], "mV"), f.q([0.004], "volt"))
    )
    case(f"{_kind}: a number after a unit", raises="ValueError")(
        lambda f, kind=_kind: _as_value_error(f, getattr(f.bs.nn, kind)(), f.q([1.0], "mV"), f.array([1.0]))
    )
    case(f"{_kind}: a unit after a number", raises="ValueError")(
        lambda f, kind=_kind: _as_value_error(f, getattr(f.bs.nn, kind)(), f.array([1.0]), f.q([1.0], "mV"))
    )
    case(f"{_kind}: without the argument", raises="TypeError")(
        lambda f, kind=_kind: getattr(f.bs.nn, kind)().update(loss=1.0)
    )

    @case(f"{_kind}: in a loop")
    def _(f, kind=_kind):
        metric = getattr(f.bs.nn, kind)()
        f.bs.transform.for_loop(lambda x: metric.update(values=x), f.array(RNG_ROWS))
        return _plain(metric.compute())


RNG_ROWS = RNG.normal(size=(6, 4))


def _units(f, metric, *batches):
    for x in batches:
        metric.update(values=x)
    return _plain(metric.compute())


def _as_value_error(f, metric, *batches):
    """Each library has its own name for units that do not fit; it must be about units."""
    try:
        _units(f, metric, *batches)
    except Exception as error:
        if type(error).__name__ in ("UnitMismatchError", "DimensionalityError"):
            raise ValueError(*error.args) from None
        raise


@case("AverageMetric: a loss inside of a gradient is added once")
def _(f):
    metric = f.bs.nn.AverageMetric()

    def loss(x):
        value = (x**2).mean()
        metric.update(values=value)
        return value

    grads = [f.grad(loss)(f.array(x)) for x in BATCHES]
    return grads, metric.total, metric.count


case("AccuracyMetric: batches")(
    lambda f: _over(
        f,
        f.bs.nn.AccuracyMetric(),
        *({"logits": f.array(x), "labels": f.array(y)} for x, y in zip(LOGITS, LABELS, strict=True)),
    )
)
case("AccuracyMetric: labels of an axis too many", raises="ValueError")(
    lambda f: f.bs.nn.AccuracyMetric().update(logits=f.array(LOGITS[0]), labels=f.array(LABELS[1]))
)
case("AccuracyMetric: labels that are no integers", raises="ValueError")(
    lambda f: f.bs.nn.AccuracyMetric().update(logits=f.array(LOGITS[0]), labels=f.array(LABELS[0] * 1.0))
)
case("AccuracyMetric: without labels", raises="TypeError")(
    lambda f: f.bs.nn.AccuracyMetric().update(logits=f.array(LOGITS[0]))
)

for _kind in ("PrecisionMetric", "RecallMetric", "F1ScoreMetric"):
    case(f"{_kind}: two classes")(lambda f, kind=_kind: _over(f, getattr(f.bs.nn, kind)(), *_classes(f)))
    for _average in ("macro", "micro", "weighted"):
        for _number in (3, 2, 5):
            case(f"{_kind}: {_number} classes, {_average}")(
                lambda f, kind=_kind, average=_average, number=_number: _over(
                    f, getattr(f.bs.nn, kind)(number, average), *_classes(f)
                )
            )
    case(f"{_kind}: another average", raises="ValueError")(lambda f, kind=_kind: getattr(f.bs.nn, kind)(3, "mean"))
    case(f"{_kind}: in a loop")(lambda f, kind=_kind: _looped(f, getattr(f.bs.nn, kind)(3)))
    differs(f"{_kind}: two shapes", "a wrong shape is a wrong value", ours="ValueError", theirs="TypeError")(
        lambda f, kind=_kind: f.error(
            lambda: getattr(f.bs.nn, kind)().update(predictions=f.array([0, 1]), labels=f.array([1, 0, 1]))
        )
    )


def _looped(f, metric):
    rows = f.array(CLASSES[0][0].reshape(4, 3)), f.array(CLASSES[0][1].reshape(4, 3))
    f.bs.transform.for_loop(lambda p, y: metric.update(predictions=p, labels=y), *rows)
    return metric.compute()


case("ConfusionMatrix: batches")(lambda f: _over(f, f.bs.nn.ConfusionMatrix(3), *_classes(f)))
case("ConfusionMatrix: more axes")(
    lambda f: _over(f, f.bs.nn.ConfusionMatrix(3), {"predictions": f.array(LABELS[1]), "labels": f.array(LABELS[1])})
)
case("ConfusionMatrix: in a loop")(lambda f: _looped(f, f.bs.nn.ConfusionMatrix(3)))
for _wrong in (-1, 3):
    case(f"ConfusionMatrix: a prediction of {_wrong}", raises="ValueError")(
        lambda f, wrong=_wrong: f.bs.nn.ConfusionMatrix(3).update(predictions=f.array([wrong]), labels=f.array([0]))
    )
    case(f"ConfusionMatrix: a label of {_wrong}", raises="ValueError")(
        lambda f, wrong=_wrong: f.bs.nn.ConfusionMatrix(3).update(predictions=f.array([0]), labels=f.array([wrong]))
    )


@case("ConfusionMatrix: one for each lane")
def _(f):
    metric = f.bs.nn.ConfusionMatrix(3)
    rows = f.array(CLASSES[0][0].reshape(4, 3)), f.array(CLASSES[0][1].reshape(4, 3))
    f.bs.transform.vmap(lambda p, y: metric.update(predictions=p, labels=y), out_states={0: metric.matrix})(*rows)
    return metric.compute()


@case("MultiMetric")
def _(f):
    metric = f.bs.nn.MultiMetric(accuracy=f.bs.nn.AccuracyMetric(), loss=f.bs.nn.AverageMetric("loss"))
    before = metric.compute()
    metric.update(logits=f.array(LOGITS[0]), labels=f.array(LABELS[0]), loss=f.array(BATCHES[0]))
    after = metric.compute(), metric.loss.compute()
    metric.reset()
    return before, after, metric.compute(), metric._metric_names


for _name in ("reset", "update", "compute", "_metric_names"):
    case(f"MultiMetric: a metric called {_name}", raises="ValueError")(
        lambda f, name=_name: f.bs.nn.MultiMetric(**{name: f.bs.nn.AverageMetric()})
    )
case("MultiMetric: of something else", raises="TypeError")(lambda f: f.bs.nn.MultiMetric(loss=3))
for _name in ("reset", "update", "compute"):
    case(f"Metric without {_name}", raises="NotImplementedError")(
        lambda f, name=_name: getattr(f.bs.nn.Metric(), name)()
    )


@cases.parametrised()
def test_metrics_agree(case, engine):
    case.check(engine)
