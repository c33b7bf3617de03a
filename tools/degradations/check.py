"""Holds pictures of dump.ts against the reference: check.py FOLDER

Functions without random numbers must be equal up to a stated difference in grey levels; codecs in their PSNR; random
functions in the mean and deviation of what they add, against draws of numpy.
"""

import json
import sys
from pathlib import Path

import numpy as np
from reference import LADDERS, degrade

# Largest difference in grey levels where it is not 0, and why.
LARGEST = {
    "dq495k brighten/hsv-shift": (1, "OpenCV works in float32"),
    "dq495k darken/hsv-shift": (1, "OpenCV works in float32"),
    "dq495k saturate_strengthen/hsv": (30, "OpenCV keeps hue in steps of two degrees"),
    "dq495k saturate_weaken/hsv": (4, "OpenCV keeps hue in steps of two degrees"),
    "dq495k quantization/median": (4, "of boxes with equally many samples Pillow cuts another"),
    "kadid10k blur/lens": (1, "the reference counts points in the circle"),
    "kadid10k brighten": (1, "Lab's matrices have six digits"),
    "kadid10k saturate_strengthen/lab": (1, "Lab's matrices have six digits"),
    "kadid10k colour/diffusion": (1, "Lab's matrices have six digits"),
    "kadid10k oversharpen": (1, "Lab's matrices have six digits"),
}
# Largest difference of the PSNR against the original, in dB, and the reason.
PSNR = {
    "dq495k compression/jpeg": (0.1, "another build of libjpeg-turbo"),
    "dq495k compression/jpeg2000": (1.5, "Pillow estimates the PSNR it stops at, over all colours; we meet it in each"),
    "kadid10k compression/jpeg": (0.1, "another build of libjpeg-turbo"),
    "kadid10k compression/jpeg2000": (1.5, "rate control ends some ten bytes apart, in files of a few hundred"),
}


def clipped(values):
    return np.floor(np.clip(values, 0, 1) * 255 + 1e-9)


def noise(scale):
    return lambda image, value, draw: clipped(image / 255 + draw.normal(size=image.shape) * scale(image / 255, value))


def ycrcb_noise(image, sigma_y, sigma_c, draw):
    y, cr, cb = (draw.normal(size=image.shape[:2]) * s for s in (sigma_y, sigma_c, sigma_c))
    return clipped(image / 255 + np.stack([y + 1.403 * cr, y - 0.714 * cr - 0.344 * cb, y + 1.773 * cb], axis=-1))


def impulse(image, amount, draw):
    out = image.astype(float)
    kind = draw.random(image.shape)
    out[kind < amount / 2] = 0
    out[(kind >= amount / 2) & (kind < amount)] = 255
    return out


def correlated(image, sigma, draw):
    from scipy.ndimage import uniform_filter

    return clipped(uniform_filter(image / 255 + draw.normal(size=image.shape) * sigma, size=(3, 3, 1), mode="mirror"))


CHROMA = [1, 1.45, 1.9, 2.35, 2.8]
RANDOM = {
    "dq495k noise/gaussian-rgb": lambda i, s, d: noise(lambda v, x: x)(i, [0.05, 0.1, 0.15, 0.2, 0.25][s], d),
    "dq495k noise/gaussian-ycrcb": lambda i, s, d: ycrcb_noise(i, 0.05 + 0.01 * s, (0.05 + 0.01 * s) * CHROMA[s], d),
    "dq495k noise/speckle": lambda i, s, d: noise(lambda v, x: v * x)(i, [0.14, 0.21, 0.28, 0.35, 0.42][s], d),
    "dq495k noise/spatially-correlated": lambda i, s, d: correlated(i, [0.08, 0.11, 0.14, 0.18, 0.22][s], d),
    "dq495k noise/poisson": lambda i, s, d: clipped(d.poisson(i / 255 * [80, 60, 40, 25, 15][s]) / [80, 60, 40, 25, 15][s]),
    "dq495k noise/impulse": lambda i, s, d: impulse(i, [0.01, 0.03, 0.05, 0.07, 0.1][s], d),
    "kadid10k noise/white": lambda i, s, d: noise(lambda v, x: x**0.5)(i, [0.001, 0.002, 0.003, 0.005, 0.01][s], d),
    "kadid10k noise/white-ycbcr": lambda i, s, d: ycrcb_noise(i, *[[0.0001, 0.0005, 0.001, 0.002, 0.003][s] ** 0.5] * 2, d),
    "kadid10k noise/impulse": lambda i, s, d: impulse(i, [0.001, 0.005, 0.01, 0.02, 0.03][s], d),
    "kadid10k noise/multiplicative": lambda i, s, d: noise(lambda v, x: v * x**0.5)(i, [0.001, 0.005, 0.01, 0.02, 0.05][s], d),
}


def psnr(a, b):
    error = np.mean((a.astype(float) - b) ** 2)
    return np.inf if error == 0 else 10 * np.log10(255**2 / error)


def main(folder):
    index = json.loads((folder / "index.json").read_text())
    read = lambda file: np.frombuffer((folder / file).read_bytes(), np.uint8).reshape(index["size"], index["size"], 3)
    worst, failed, unheld = {}, [], set()
    for row in index["results"]:
        key, image, own = f"{row['ladder']} {row['name']}", read(row["image"]), read(row["file"])
        if key in RANDOM:
            theirs = RANDOM[key](image, row["severity"] - 1, np.random.default_rng(row["severity"]))
            ours, reference = own - image.astype(float), theirs - image
            # 76,800 samples, those of a pixel not independent: means within 6 standard errors, deviations within 6 % (of
            # which rare impulses need most)
            mean = abs(ours.mean() - reference.mean()) / max(1e-9, reference.std() / np.sqrt(ours.size / 3))
            spread = abs(ours.std() / max(1e-9, reference.std()) - 1) if reference.std() > 0 else ours.std()
            measure, good, unit = spread, mean < 6 and spread < (0.25 if "impulse" in key else 0.06), "of the deviation"
        elif row["name"] in LADDERS[row["ladder"]]:
            if row["name"] == "quantization" and image.min() == image.max():
                continue  # divides by the span of the levels
            try:
                theirs = degrade(row["ladder"], row["name"], row["severity"], image)
            except ValueError:
                continue  # scikit-image finds fewer grey levels than classes
            if key in PSNR:
                measure, unit = abs(psnr(image, own) - psnr(image, theirs)) if row["image"] != "4.rgb" else 0, "dB"
                good = measure <= PSNR[key][0]
            else:
                measure, unit = np.abs(own.astype(int) - theirs).max(), "levels"
                good = measure <= LARGEST.get(key, (0, ""))[0]
        else:
            unheld.add(key)
            continue
        worst[key] = max(worst.get(key, (0, unit)), (float(measure), unit))
        if not good:
            failed.append((key, row["image"], row["severity"], float(measure)))
    for key, (value, unit) in sorted(worst.items()):
        print(f"{key:36} {value:8.4f} {unit:18} {LARGEST.get(key, PSNR.get(key, (0, '')))[1]}")
    print(f"without a counterpart in Python (tests hold their properties): {', '.join(sorted(unheld))}")
    for failure in failed:
        print("too far:", *failure)
    sys.exit(1 if failed else 0)


main(Path(sys.argv[1]))
