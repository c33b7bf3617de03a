"""Degrades a small picture with Pillow, OpenCV and numpy, as DQ-495K's published ladder says: golden.py > FILE

The parameters and the way of each function are facts of that ladder (arXiv 2405.18842); the calls are the libraries' own.
Needs: pip install pillow opencv-python-headless numpy
"""

import json
import sys

import cv2
import numpy as np
import PIL
from PIL import Image, ImageEnhance

WIDTH, HEIGHT = 24, 16
LEVELS = {
    "brighten/hsv-shift": [0.1, 0.5],
    "brighten/rgb-shift": [0.1, 0.35],
    "brighten/rgb-gamma": [0.8, 0.3],
    "darken/hsv-shift": [0.1, 0.5],
    "contrast_strengthen/scale": [1.4, 4.0],
    "contrast_strengthen/stretch": [2.0, 10.0],
    "contrast_weaken/scale": [0.75, 0.2],
    "contrast_weaken/stretch": [1.0, 0.4],
    "saturate_strengthen/hsv": [3.0, 64.0],
    "saturate_strengthen/ycrcb": [2.0, 16.0],
    "saturate_weaken/hsv": [0.7, 0.0],
    "saturate_weaken/ycrcb": [0.6, 0.0],
    "oversharpen": [2, 8],
    "pixelate": [0.5, 0.2],
    "quantization/hist": [24, 4],
}


def to_bytes(values):
    return np.uint8(np.clip(values, 0, 1) * 255.0)


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


def equalize(image, bins):
    counts, _ = np.histogram(image, bins=bins, range=[0, 255])
    total = np.ma.masked_equal(counts.cumsum(), 0)
    levels = np.ma.filled((total - total.min()) * 255 / (total.max() - total.min()), 0).astype("uint8")
    return levels[np.uint8(np.round(image / 255 * (bins - 1)))]


def box(image, scale):
    picture = Image.fromarray(image)
    small = picture.resize((int(WIDTH * scale), int(HEIGHT * scale)), Image.BOX)
    return np.array(small.resize((WIDTH, HEIGHT), Image.NEAREST))


def degrade(name, image, value):
    kind = name.split("/")[-1]
    if kind == "hsv-shift":
        return shift_v(image, -value if name.startswith("darken") else value)
    if kind == "rgb-shift":
        return to_bytes(np.float32(image / 255.0) + value)
    if kind == "rgb-gamma":
        return to_bytes((image / 255.0) ** value)
    if kind == "scale":
        return np.array(ImageEnhance.Contrast(Image.fromarray(image)).enhance(value))
    if kind == "stretch":
        return stretch(image, value)
    if kind == "hsv":
        return scale_channels(image, cv2.COLOR_RGB2HSV, cv2.COLOR_HSV2RGB, [1], lambda s: value * s)
    if kind == "ycrcb":
        return scale_channels(image, cv2.COLOR_RGB2YCR_CB, cv2.COLOR_YCR_CB2RGB, [1, 2], lambda c: 128 + (c - 128) * value)
    if kind == "oversharpen":
        return cv2.addWeighted(image, 1 + value, cv2.GaussianBlur(image, (5, 5), 0), -value, 0)
    if kind == "pixelate":
        return box(image, value)
    return equalize(image, value)


def main():
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    waves = [128 + 90 * np.sin(x / (2 + c) + y / 3) + 30 * np.cos(x * y / 9 + c) for c in range(3)]
    image = np.uint8(np.clip(np.stack(waves, axis=-1).round(), 0, 255))
    image[:2, :4] = 0
    image[:2, 4:8] = 255
    image[:2, 8:12] = 90
    cases = [
        {"name": name, "severity": severity, "data": degrade(name, image.copy(), value).flatten().tolist()}
        for name, values in LEVELS.items()
        for severity, value in zip((1, 5), values)
    ]
    versions = {"pillow": PIL.__version__, "opencv": cv2.__version__, "numpy": np.__version__}
    header = {**versions, "width": WIDTH, "height": HEIGHT, "data": image.flatten().tolist()}
    json.dump({"header": header, "cases": cases}, sys.stdout)


main()
