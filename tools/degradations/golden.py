"""Degrades a small drawn picture by the reference's functions: golden.py > packages/trainer/test/golden/degradations.json

Run it in the environment that `npm run test:degradations` makes.
"""

import base64
import json
import sys

import cv2
import numpy as np
import PIL
import scipy
import skimage
from reference import LADDERS, degrade

WIDTH, HEIGHT = 32, 24
# Codecs differ in more than rounding, and are compared on whole photographs.
CODECS = {"compression/jpeg", "compression/jpeg2000"}


def encode(image):
    return base64.b64encode(image.tobytes()).decode()


def main():
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    waves = [128 + 90 * np.sin(x / (2 + c) + y / 3) + 30 * np.cos(x * y / 9 + c) for c in range(3)]
    image = np.uint8(np.clip(np.stack(waves, axis=-1).round(), 0, 255))
    image[:2, :4] = 0
    image[:2, 4:8] = 255
    image[:2, 8:12] = 90
    cases = [
        {"ladder": ladder, "name": name, "severity": severity, "data": encode(degrade(ladder, name, severity, image))}
        for ladder, functions in LADDERS.items()
        for name in functions
        if name not in CODECS
        for severity in (1, 3, 5)
    ]
    versions = {module.__name__: module.__version__ for module in (PIL, cv2, skimage, scipy, np)}
    header = {**versions, "width": WIDTH, "height": HEIGHT, "data": encode(image)}
    json.dump({"header": header, "cases": cases}, sys.stdout)


main()
