"""The functions of both ladders without random numbers, by Pillow, OpenCV, scikit-image and scipy.

The parameters and the way of each function are facts of the ladders (DQ-495K: arXiv 2405.18842; KADID-10k: Lin, Hosu and
Saupe, QoMEX 2019, in MATLAB's functions); the calls are the libraries' own. Pictures are uint8, RGB.
"""

import io

import cv2
import numpy as np
from PIL import Image, ImageEnhance
from scipy.interpolate import CubicSpline
from scipy.ndimage import correlate
from skimage import color, filters


def to_bytes(values):
    return np.uint8(np.clip(values, 0, 1) * 255.0 + 1e-9)


# DQ-495K


def shift_v(image, shift):
    hsv = cv2.cvtColor(np.float32(image / 255.0), cv2.COLOR_RGB2HSV)
    hsv[..., 2] += shift
    return to_bytes(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def stretch(image, factor):
    values = image / 255.0
    mean = values.mean(axis=(0, 1), keepdims=True)
    return to_bytes(1.0 / (1 + (mean / (values + 1e-12)) ** factor))


def scale_channels(image, there, back, channels, change):
    values = np.float32(cv2.cvtColor(image, there))
    for channel in channels:
        values[..., channel] = change(values[..., channel])
    return cv2.cvtColor(np.uint8(np.clip(values, 0, 255)), back)


def scale_hsv(image, factor):
    return scale_channels(image, cv2.COLOR_RGB2HSV, cv2.COLOR_HSV2RGB, [1], lambda s: factor * s)


def scale_ycrcb(image, factor):
    return scale_channels(image, cv2.COLOR_RGB2YCR_CB, cv2.COLOR_YCR_CB2RGB, [1, 2], lambda c: 128 + (c - 128) * factor)


def equalize(image, bins):
    counts, _ = np.histogram(image, bins=bins, range=[0, 255])
    total = np.ma.masked_equal(counts.cumsum(), 0)
    levels = np.ma.filled((total - total.min()) * 255 / (total.max() - total.min()), 0).astype("uint8")
    return levels[np.uint8(np.round(image / 255 * (bins - 1)))]


def otsu(image, classes):
    out = np.float32(image)
    for c in range(3):
        plane = out[..., c].copy()
        cuts = filters.threshold_multiotsu(plane, classes=classes, nbins=30)
        out[..., c] = np.digitize(plane, bins=cuts) * (plane.max() - plane.min()) / classes + plane.min()
    return np.uint8(np.clip(out, 0, 255))


def median_cut(image, colours):
    planes = [Image.fromarray(image[..., c].copy()).quantize(colours, Image.Quantize.MEDIANCUT).convert("L") for c in range(3)]
    return np.stack([np.array(plane) for plane in planes], axis=-1)


def box(image, scale):
    height, width = image.shape[:2]
    small = Image.fromarray(image).resize((int(width * scale), int(height * scale)), Image.BOX)
    return np.array(small.resize((width, height), Image.NEAREST))


def unsharp(image, amount):
    return cv2.addWeighted(image, 1 + amount, cv2.GaussianBlur(image, (5, 5), 0), -amount, 0)


def disk(image, radius):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    kernel = np.float64(x * x + y * y <= radius * radius)
    return to_bytes(cv2.filter2D(image / 255.0, -1, kernel / kernel.sum()))


def saved(image, **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, **options)
    return np.array(Image.open(file).convert("RGB"))


def jpeg(image, quality):
    return saved(image, format="JPEG", quality=quality)


def jpeg2000_psnr(image, psnr):
    return saved(image, format="JPEG2000", quality_mode="dB", quality_layers=[psnr])


DQ495K = {
    "blur/gaussian": ([1, 2, 3, 4, 5], lambda i, v: to_bytes(filters.gaussian(i / 255.0, sigma=v, channel_axis=-1))),
    "blur/lens": ([2, 3, 4, 6, 8], disk),
    "compression/jpeg": ([25, 18, 12, 8, 5], jpeg),
    "compression/jpeg2000": ([29, 27.5, 26, 24.5, 23], jpeg2000_psnr),
    "brighten/hsv-shift": ([0.1, 0.2, 0.3, 0.4, 0.5], shift_v),
    "brighten/rgb-shift": ([0.1, 0.15, 0.2, 0.27, 0.35], lambda i, v: to_bytes(np.float32(i / 255.0) + v)),
    "brighten/rgb-gamma": ([0.8, 0.7, 0.6, 0.45, 0.3], lambda i, v: to_bytes((i / 255.0) ** v)),
    "darken/hsv-shift": ([0.1, 0.2, 0.3, 0.4, 0.5], lambda i, v: shift_v(i, -v)),
    "darken/rgb-shift": ([0.1, 0.15, 0.2, 0.27, 0.35], lambda i, v: to_bytes(i / 255.0 - v)),
    "darken/rgb-gamma": ([1.4, 1.7, 2.1, 2.6, 3.2], lambda i, v: to_bytes((i / 255.0) ** v)),
    "contrast_strengthen/scale": ([1.4, 1.7, 2.1, 2.6, 4], lambda i, v: np.array(ImageEnhance.Contrast(Image.fromarray(i)).enhance(v))),
    "contrast_strengthen/stretch": ([2, 4, 6, 8, 10], stretch),
    "contrast_weaken/scale": ([0.75, 0.6, 0.45, 0.3, 0.2], lambda i, v: np.array(ImageEnhance.Contrast(Image.fromarray(i)).enhance(v))),
    "contrast_weaken/stretch": ([1, 0.9, 0.8, 0.6, 0.4], stretch),
    "saturate_strengthen/hsv": ([3, 6, 12, 20, 64], scale_hsv),
    "saturate_strengthen/ycrcb": ([2, 3, 5, 8, 16], scale_ycrcb),
    "saturate_weaken/hsv": ([0.7, 0.55, 0.4, 0.2, 0], scale_hsv),
    "saturate_weaken/ycrcb": ([0.6, 0.4, 0.2, 0.1, 0], scale_ycrcb),
    "oversharpen": ([2, 2.8, 4, 6, 8], unsharp),
    "pixelate": ([0.5, 0.4, 0.3, 0.25, 0.2], box),
    "quantization/otsu": ([15, 11, 8, 5, 3], otsu),
    "quantization/median": ([20, 15, 10, 6, 3], median_cut),
    "quantization/hist": ([24, 16, 8, 6, 4], equalize),
}

# KADID-10k


def weighted(values, kernel):
    return np.stack([correlate(values[..., c], kernel, mode="nearest") for c in range(3)], axis=-1)


def gaussian_kernel(sigma, radius):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    kernel = np.exp(-(x * x + y * y) / (2 * sigma * sigma))
    return kernel / kernel.sum()


def disk_kernel(radius, parts=200):
    """Area of each pixel inside the circle, counted over parts x parts points in it."""
    reach = int(np.ceil(radius - 0.5))
    offset = (np.arange(parts) + 0.5) / parts - 0.5
    side = np.arange(-reach, reach + 1)
    fine = (side[:, None] + offset).ravel()
    inside = fine[:, None] ** 2 + fine[None, :] ** 2 <= radius * radius
    area = inside.reshape(len(side), parts, len(side), parts).mean(axis=(1, 3))
    return area / area.sum()


def in_lab(image, change):
    return to_bytes(np.clip(color.lab2rgb(change(color.rgb2lab(image / 255.0))), 0, 1))


def diffuse(image, amount):
    sigma = 1.5 * amount + 2

    def change(lab):
        blurred = weighted(lab, gaussian_kernel(sigma, int(np.ceil(2 * sigma))))
        return np.concatenate([lab[..., :1], blurred[..., 1:] * amount], axis=-1)

    return in_lab(image, change)


def parabola(middle):
    coefficients = np.polyfit([0, 0.5, 1], [0, middle, 1], 2)
    return lambda values: np.clip(np.polyval(coefficients, values), 0, 1)


def brighten(image, amount):
    curve = parabola(0.5 + amount / 2)
    lab = color.rgb2lab(image / 255.0)
    lab[..., 0] = 100 * curve(lab[..., 0] / 100)
    return to_bytes((2 * curve(image / 255.0) + np.clip(color.lab2rgb(lab), 0, 1)) / 3)


def s_curve(image, amount):
    spline = CubicSpline([0, 0.3, 0.5, 0.7, 1], [0, 0.25 - amount / 4, 0.5, 0.75 + amount / 4, 1], bc_type="not-a-knot")
    return to_bytes(spline(image / 255.0))


def sharpen_lab(image, amount):
    def change(lab):
        smooth = weighted(lab, gaussian_kernel(3, 6))
        return np.concatenate([lab[..., :1] + amount * (lab[..., :1] - smooth[..., :1]), lab[..., 1:]], axis=-1)

    return in_lab(image, change)


def saturate_hsv(image, factor):
    hsv = color.rgb2hsv(image / 255.0)
    hue, value = hsv[..., 0] * 6, hsv[..., 2]
    chroma = value * hsv[..., 1] * factor
    return to_bytes(np.stack([value - chroma * np.clip(np.minimum((n + hue) % 6, 4 - (n + hue) % 6), 0, 1) for n in (5, 3, 1)], axis=-1))


def levels(image, count):
    used = np.minimum(count - 1, np.floor(image / 255.0 * count))
    return to_bytes((used - used.min()) / (used.max() - used.min()))


def pick(image, strength):
    height, width = image.shape[:2]
    scale = 0.95 - strength**0.6
    small = Image.fromarray(image).resize((int(width * scale), int(height * scale)), Image.NEAREST)
    return np.array(small.resize((width, height), Image.NEAREST))


def jpeg2000_ratio(image, ratio):
    return saved(image, format="JPEG2000", quality_mode="rates", quality_layers=[ratio], mct=1)


KADID10K = {
    "blur/gaussian": ([0.1, 0.5, 1, 2, 5], lambda i, v: to_bytes(weighted(i / 255.0, gaussian_kernel(v, int(np.ceil(2 * v)))))),
    "blur/lens": ([1, 2, 4, 6, 8], lambda i, v: to_bytes(weighted(i / 255.0, disk_kernel(v)))),
    "colour/diffusion": ([1, 3, 6, 8, 12], diffuse),
    "saturate_weaken/hsv": ([0.4, 0.2, 0.1, 0, -0.4], saturate_hsv),
    "saturate_strengthen/lab": ([1, 2, 3, 6, 9], lambda i, v: in_lab(i, lambda lab: lab * [1, v, v])),
    "compression/jpeg2000": ([16, 32, 45, 120, 170], jpeg2000_ratio),
    "compression/jpeg": ([43, 36, 24, 7, 4], jpeg),
    "brighten": ([0.1, 0.2, 0.4, 0.7, 1.1], brighten),
    "darken": ([0.05, 0.1, 0.2, 0.4, 0.8], lambda i, v: to_bytes(parabola(0.5 - v / 2)(i / 255.0))),
    "mean_shift": ([0, 0.08, -0.08, 0.15, -0.15], lambda i, v: to_bytes(i / 255.0 + v)),
    "pixelate": ([0.01, 0.05, 0.1, 0.2, 0.5], pick),
    "quantization": ([20, 16, 13, 10, 7], levels),
    "oversharpen": ([1, 2, 3, 6, 12], sharpen_lab),
    "contrast": ([0, 0.15, -0.4, 0.3, -0.6], s_curve),
}

LADDERS = {"dq495k": DQ495K, "kadid10k": KADID10K}


def degrade(ladder, name, severity, image):
    values, function = LADDERS[ladder][name]
    return function(image.copy(), values[severity - 1])
