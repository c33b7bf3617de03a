"""The same figures through the writer of the tensorboard package, flushed every step as ours is."""

import math
import sys
import tempfile
import time

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

steps = int(sys.argv[1])
figures = {f"group-{i % 6}/figure-{i}": math.sin(i) for i in range(50)}
with tempfile.TemporaryDirectory() as folder:
    writer = EventFileWriter(folder)
    times = []
    for step in range(1, steps + 1):
        began = time.perf_counter()
        values = [summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in figures.items()]
        writer.add_event(event_pb2.Event(wall_time=time.time(), step=step, summary=summary_pb2.Summary(value=values)))
        writer.flush()
        times.append(1000 * (time.perf_counter() - began))
    writer.close()
times.sort()
print(f"tensorboard's own writer, figures alone: {sum(times) / steps:.2f}, {times[steps // 2]:.2f}, {times[int(0.99 * steps)]:.2f}")
