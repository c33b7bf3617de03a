"""Measures the same sets with scipy and compares: check.py FILE

Correlations must agree to 1e-12. Fits must end at the same PLCC within 1e-5, or give up in the same case. They walk the
same way but for rounding; where a search wanders for hundreds of steps through a flat valley, the last bits decide when it
stops, and now and then which minimum it falls into. How often that happens by rounding alone is measured on scipy itself,
whose ratings are moved by one unit in the last place; ours may end elsewhere at most 1.5 times as often, plus five sets.
"""

import json
import sys
import warnings

import numpy as np
import scipy
from scipy.optimize import curve_fit
from scipy.stats import kendalltau, pearsonr, spearmanr

warnings.simplefilter("ignore")


def four(x, b1, b2, b3, b4):
    return (b1 - b2) / (1 + np.exp(-(x - b3) / b4)) + b2


def five(x, b1, b2, b3, b4, b5):
    return b1 * (0.5 - 1 / (1 + np.exp(b2 * (x - b3)))) + b4 * x + b5


def fit(curve, start, x, y):
    try:
        parameters, _ = curve_fit(curve, x, y, p0=start, maxfev=10000)
    except RuntimeError:
        return None
    fitted = curve(x, *parameters)
    return {"sse": float(((fitted - y) ** 2).sum()), "plcc": float(pearsonr(fitted, y)[0]) if np.ptp(fitted) > 1e-8 * np.ptp(y) else None}


def same_end(a, b):
    """Both gave up, both are flat, or both reach the same PLCC."""
    if a is None or b is None:
        return a is b
    if None in (a["plcc"], b["plcc"]):
        return a["plcc"] == b["plcc"]
    return abs(a["plcc"] - b["plcc"]) <= 1e-5


def main():
    sets = json.load(open(sys.argv[1]))
    worst, failures = {}, []
    apart = {"fit4": [], "fit5": []}
    better = {"fit4": 0, "fit5": 0}
    shaken = {"fit4": 0, "fit5": 0}
    gave_up = {"fit4": [0, 0], "fit5": [0, 0]}
    for index, row in enumerate(sets):
        x, y = np.array(row["ratings"], float), np.array(row["labels"], float)
        constant = np.ptp(x) == 0 or np.ptp(y) == 0
        for name, measure in (("plcc", pearsonr), ("srcc", spearmanr), ("krcc", kendalltau)):
            expected = None if constant else float(measure(x, y)[0])
            if (row[name] is None) != (expected is None):
                failures.append(f"set {index}: {name} {row[name]}, scipy {expected}")
            elif expected is not None:
                worst[name] = max(worst.get(name, 0), abs(row[name] - expected))
        if constant:
            continue
        starts = {"fit4": (four, [y.max(), y.min(), x.mean(), x.std() / 4]), "fit5": (five, [10, 0, y.mean(), 0.1, 0.1])}
        for name, (curve, start) in starts.items():
            ours, theirs = row[name] if row[name]["converged"] else None, fit(curve, start, x, y)
            shaken[name] += not same_end(theirs, fit(curve, start, np.nextafter(x, np.inf), y))
            gave_up[name][0] += ours is None
            gave_up[name][1] += theirs is None
            if not same_end(ours, theirs):
                apart[name].append(index)
                better[name] += bool(ours and theirs and ours["sse"] < theirs["sse"])
            elif ours and theirs and ours["plcc"] is not None:
                worst[f"{name} plcc"] = max(worst.get(f"{name} plcc", 0), abs(ours["plcc"] - theirs["plcc"]))
    print(f"scipy {scipy.__version__}, numpy {np.__version__}, {len(sets)} sets")
    for name, value in worst.items():
        print(f"  {name:10} largest difference {value:.1e}")
        limit = 1e-12 if name in ("plcc", "srcc", "krcc") else 1e-5
        if value > limit:
            failures.append(f"{name}: {value:.1e} is above {limit:.0e}")
    for name, indices in apart.items():
        print(f"  {name}: {len(indices)} sets end elsewhere ({better[name]} of them lower than scipy): {indices}")
        print(f"  {name}: scipy against itself, ratings moved by one unit in the last place: {shaken[name]}")
        print(f"  {name}: gave up {gave_up[name][0]} times, scipy {gave_up[name][1]} times")
        if len(indices) > 1.5 * shaken[name] + 5:
            failures.append(f"{name}: more sets end elsewhere than rounding explains")
    for failure in failures:
        print("FAILED", failure)
    sys.exit(bool(failures))


main()
