"""One training problem: modules, an optimiser, and a step that a CUDA graph repeats."""
import copy
import math
import threading
import time

import torch
from torch import nn

# Held while a stage is prepared or a step is put on its stream: what is prepared is timed alone.
gate = threading.RLock()
# Held while a graph is captured, or data are copied to the device.
capturing = threading.Lock()
# Held by the one stage that compiles or captures: what a compiler measures would break another stage's capture.
preparing = threading.Lock()
# Held while a compiler traces: meanwhile no other thread may call a module.
tracing = threading.Lock()


class Averaged:
    """An exponential moving average of parameters; buffers are taken as they are."""

    def __init__(self, module, decay):
        self.module, self.decay = copy.deepcopy(module).requires_grad_(False).eval(), decay
        self.pairs = [
            (a, b) for a, b in zip(self.module.parameters(), module.parameters()) if b.requires_grad
        ]
        self.buffers = list(zip(self.module.buffers(), module.buffers()))

    @torch.no_grad()
    def update(self):
        torch._foreach_lerp_([a for a, _ in self.pairs], [b for _, b in self.pairs], 1 - self.decay)
        for a, b in self.buffers:
            a.copy_(b)

    @torch.no_grad()
    def restart(self):
        for a, b in self.pairs:
            a.copy_(b)


class Stage:
    """A stage trains until `end`, in seconds of the run, as fast as the device takes its steps.

    The learning rate goes with the time, from progress `first` to `last` of one half of a cosine over all runs.
    """

    name, clip, priority, betas, decay = "", 1.0, 0, (0.9, 0.99), 0.998
    # For the first steps: what a network says before it has learnt anything is not averaged.
    restarts = 200

    def __init__(self, device, rates, averaged, dtype=torch.bfloat16):
        """`rates` lists (modules, rate); `averaged` names the modules whose averages are the result."""
        self.device, self.dtype = device, dtype
        on_gpu = device.type == "cuda"
        self.rates = [rate for _, rate in rates]
        self.parameters = [
            [p for m in modules for p in m.parameters() if p.requires_grad] for modules, _ in rates
        ]
        zero = lambda: torch.tensor(0.0, device=device) if on_gpu else 0.0
        self.optimiser = torch.optim.Adam(
            [dict(params=p, lr=zero()) for p in self.parameters],
            betas=self.betas, eps=1e-8, fused=on_gpu, capturable=on_gpu,
        )  # fmt: skip
        self.averages = {name: Averaged(module, self.decay) for name, module in averaged.items()}
        self.stream = torch.cuda.Stream(priority=self.priority) if on_gpu else None
        # How far the whole training is, 0...1, for losses that change with it.
        self.progress = torch.zeros((), device=device)
        self.steps, self.graph, self.pending, self.ready = 0, None, [], False
        self.over = False  # whether its networks have taken over what it averaged
        # Functions that may be compiled, and the same ones as they are.
        self.forms = self.plain_forms = []
        self.begin, self.end = None, 0.0
        self.first, self.last = 0.0, 1.0
        self.names, self.values = [], None

    def until(self, end, first=0.0, last=1.0):
        """Names the end of its time, which begins with the first step, and what part of all training that is."""
        self.end, self.first, self.last = end, first, last
        return self

    def uses(self, forms, compiles):
        self.plain_forms = forms
        self.forms = [torch.compile(form, dynamic=False) if compiles else form for form in forms]

    # --- What a stage does -------------------------------------------------------------------------------

    def losses(self):
        """The parts of the loss by name; those that end in `_` are shown and not summed."""
        raise NotImplementedError

    def rand(self, count, *shape):
        """Random whole numbers below `count` (a number or a tensor)."""
        return (torch.rand(shape, device=self.device) * count).long().clamp_(max=count - 1)

    def autocast(self):
        enabled = self.dtype != torch.float32
        return torch.autocast(self.device.type, self.dtype, enabled=enabled, cache_enabled=False)

    def work(self):
        self.optimiser.zero_grad(set_to_none=True)
        losses = self.losses()
        sum(v for k, v in losses.items() if not k.endswith("_")).backward()
        flat = [p for group in self.parameters for p in group if p.grad is not None]
        norm = nn.utils.clip_grad_norm_(flat, self.clip, foreach=True)
        # A norm that is not a number makes all gradients so: such a step is left out, as one of zeros.
        for p in flat:
            p.grad.nan_to_num_(0.0, 0.0, 0.0)
        self.optimiser.step()
        for average in self.averages.values():
            average.update()
        return torch.stack([v.detach().float() for v in losses.values()] + [norm.float()]), [*losses, "norm"]

    # --- How it runs -------------------------------------------------------------------------------------

    def set_progress(self, part):
        """A short rise, then half a cosine down to 2 %."""
        whole = self.first + (self.last - self.first) * part
        factor = min(1, part / 0.02 + 0.01) * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * min(1, whole))))
        self.progress.fill_(whole)
        for group, rate in zip(self.optimiser.param_groups, self.rates):
            if torch.is_tensor(group["lr"]):
                group["lr"].fill_(rate * factor)
            else:
                group["lr"] = rate * factor

    def warm_up(self, steps=3):
        """Real steps of a small rate, which also choose kernels (and compile, where a stage does)."""
        with torch.cuda.stream(self.stream):
            self.set_progress(0.002)
            for _ in range(steps):
                self.work()
            self.stream.synchronize()

    def prepare(self, log=print):
        """Compiles, warms up and captures the step as a CUDA graph; other stages stand still but while it compiles."""
        if self.stream:
            with preparing:
                self.prepare_alone(log)
        self.ready = True

    def prepare_alone(self, log):
        begin = time.time()
        self.stream.wait_stream(torch.cuda.current_stream())
        if self.forms != self.plain_forms:
            try:
                with tracing:
                    self.warm_up(1)
            except Exception as error:
                log(f"{self.name}: goes on uncompiled: {type(error).__name__}: {str(error)[:1500]}")
                self.forms = self.plain_forms
                self.renew_stream()
        compiled = time.time()
        with gate:
            torch.cuda.synchronize()
            # The choice of kernels times them.
            torch.backends.cudnn.benchmark = True
            self.warm_up(3)
            torch.backends.cudnn.benchmark = False
            warm = time.time()
            for _ in range(2):
                try:
                    self.capture()
                    break
                except Exception as error:
                    # Slower, but the same: each step is launched kernel by kernel.
                    log(f"{self.name}: no graph: {type(error).__name__}: {str(error)[:1500]}")
                    self.graph = None
                    self.renew_stream()
            captured = time.time()
            for _ in range(3):
                self.launch()
            torch.cuda.synchronize()
            alone = (time.time() - captured) / 3
        log(
            f"{self.name}: {compiled - begin:.1f} s to compile, {warm - compiled:.1f} s to warm up, "
            f"{captured - warm:.1f} s to capture, {1000 * alone:.1f} ms a step alone"
        )

    def capture(self):
        graph = torch.cuda.CUDAGraph()
        with capturing, torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
            self.values, self.names = self.work()
        self.graph = graph
        torch.cuda.synchronize()

    def renew_stream(self):
        """After a failure: a stream, and random numbers, that know nothing of a capture."""
        torch.cuda.set_stream(torch.cuda.default_stream())
        self.stream = torch.cuda.Stream(priority=self.priority)
        fresh = torch.Generator(self.device)
        fresh.manual_seed(time.time_ns() % 2**31)
        torch.cuda.default_generators[torch.cuda.current_device()].graphsafe_set_state(fresh.graphsafe_get_state())

    def launch(self):
        with torch.cuda.stream(self.stream):
            if self.graph:
                self.graph.replay()
            else:
                self.values, self.names = self.work()

    def step(self, part):
        """Puts one step on the stream if fewer than two wait there; says whether it did."""
        if not self.stream:
            self.set_progress(part)
            self.values, self.names = self.work()
        else:
            self.pending = [event for event in self.pending if not event.query()]
            if len(self.pending) >= 2 or not (self.graph or not tracing.locked()):
                return False
            if not gate.acquire(blocking=False):
                return False
            try:
                with torch.cuda.stream(self.stream):
                    self.set_progress(part)
                    self.launch()
                    event = torch.cuda.Event()
                    event.record(self.stream)
                    self.pending.append(event)
            finally:
                gate.release()
        self.steps += 1
        if self.steps == self.restarts:
            with torch.cuda.stream(self.stream) if self.stream else torch.no_grad():
                for average in self.averages.values():
                    average.restart()
        return True

    def wait(self):
        if self.stream:
            self.stream.synchronize()

    def finish(self):
        """Waits for the last step and lets go of the graph's memory."""
        self.wait()
        self.graph = self.values = None

    def report(self):
        self.wait()
        if self.values is None:
            return f"{self.name} took no step"
        values = " ".join(f"{n.rstrip('_')} {v:.4f}" for n, v in zip(self.names, self.values.tolist()))
        return f"{self.name} step {self.steps} {values}"
