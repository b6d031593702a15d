"""What makes one number of many, and running sums."""

from ..forms import cumulative, nans, reductions
from ..public import public

__all__ = [
    "all", "alltrue", "amax", "amin", "any", "argmax", "argmin", "average", "count_nonzero", "cumprod",
    "cumproduct", "cumsum", "cumulative_prod", "cumulative_sum", "diff", "ediff1d", "max", "mean", "median",
    "min", "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmedian", "nanmin",
    "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar", "percentile", "prod", "product",
    "ptp", "quantile", "sometrue", "std", "sum", "var",
]  # fmt: skip

all = public(reductions.all)
any = public(reductions.any)
argmax = public(reductions.argmax)
argmin = public(reductions.argmin)
average = public(reductions.average)
count_nonzero = public(reductions.count_nonzero)
max = public(reductions.max)
mean = public(reductions.mean)
median = public(reductions.median)
min = public(reductions.min)
percentile = public(reductions.percentile)
prod = public(reductions.prod)
ptp = public(reductions.ptp)
quantile = public(reductions.quantile)
std = public(reductions.std)
sum = public(reductions.sum)
var = public(reductions.var)

nanargmax = public(nans.nanargmax)
nanargmin = public(nans.nanargmin)
nancumprod = public(nans.nancumprod)
nancumsum = public(nans.nancumsum)
nanmax = public(nans.nanmax)
nanmean = public(nans.nanmean)
nanmedian = public(nans.nanmedian)
nanmin = public(nans.nanmin)
nanpercentile = public(nans.nanpercentile)
nanprod = public(nans.nanprod)
nanquantile = public(nans.nanquantile)
nanstd = public(nans.nanstd)
nansum = public(nans.nansum)
nanvar = public(nans.nanvar)

cumprod = public(cumulative.cumprod)
cumsum = public(cumulative.cumsum)
cumulative_prod = public(cumulative.cumulative_prod)
cumulative_sum = public(cumulative.cumulative_sum)
diff = public(cumulative.diff)
ediff1d = public(cumulative.ediff1d)

#: Other names.
amax = max
amin = min
alltrue = all
sometrue = any
product = prod
cumproduct = cumprod
