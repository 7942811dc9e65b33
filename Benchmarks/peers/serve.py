"""What all peers are to the bench: programs that time a piece of work whenever its name comes in."""

import sys
import time

import torch


def serve(work, versions):
    """Says the versions, then reads names, one a line, and answers each with milliseconds.

    work: from a name to a function that prepares the work and returns what is to be timed. Only the latest stays
    in memory; it is warmed up by three calls.
    """
    ready = {}
    print(versions, flush=True)
    for line in sys.stdin:
        name = line.strip()
        with torch.no_grad():
            if name not in ready:
                ready.clear()
                ready[name] = work[name]()
                for _ in range(3):
                    ready[name]()
            begin = time.perf_counter()
            ready[name]()
            print((time.perf_counter() - begin) * 1000, flush=True)
