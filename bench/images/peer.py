"""The same files through transformers' image processors: peer.py FOLDER [SECONDS]. PIL decodes; one process, torch with its own threads."""

import sys
import time
from pathlib import Path

from PIL import Image
import PIL
import torch
import transformers

folder, seconds = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 10
files = sorted(folder.glob("*.jpg"))
constants = dict(
    image_mean=[0.48145466, 0.4578275, 0.40821073],
    image_std=[0.26862954, 0.26130258, 0.27577711],
    min_pixels=3136,
    max_pixels=12845056,
)


def run(name, processor, limit):
    start, cpu, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - start < limit:
        image = Image.open(files[done % len(files)]).convert("RGB")
        values = processor(images=[image], return_tensors="pt")["pixel_values"]
        done += 1
    elapsed, cpu = time.perf_counter() - start, time.process_time() - cpu
    if limit > 1.5:
        print(f"{name}: {done / elapsed:.1f} photographs/s ({1000 * cpu / done:.1f} ms CPU each, {values.numel()} values)")


print(f"transformers {transformers.__version__}, torch {torch.__version__}, Pillow {PIL.__version__}")
for name in ("Qwen2VLImageProcessorPil", "Qwen2VLImageProcessor"):
    kind = getattr(transformers, name, None)
    if kind is None:
        print(f"{name}: not in this version")
        continue
    processor = kind(**constants)
    run(name, processor, 1)
    run(name, processor, seconds)
