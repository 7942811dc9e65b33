"""Trains all networks of a pack in a given time, on one GPU (or, to try it, on a CPU).

Part 1: CLIP, the judges and the frame encoder while the autoencoder's kernels are compiled; then autoencoder and
dynamics beside each other. Part 2 goes on from the weights of part 1, with other figures and motions: autoencoder and
dynamics to their end, then the conditional model against exact codes, then conditional model and generator against
drawings. Part 3 goes on from a pack taken apart (`unpack.py`), whose encoder and CLIP stay as they are: exact codes and
the frame encoder first, then as in part 2 from the dynamics on.

Every stage that trains at a time has its own stream, its steps are CUDA graphs, and all data lie in the memory of the
GPU. Weights are written every minute: a run that is cut off loses little.
"""
import argparse
import faulthandler
import json
import os
import pathlib
import sys
import threading
import time
import traceback

import torch

import evaluate
import networks as nets
from autoencoder import Autoencoder, Codes, Exact, pose_statistics
from clip import Clip
from conditional import STEPS, STRIDE, Cache, Conditional, Pictures
from data import CHOICES, Drawers, Pool
from dynamics import CLIP_FRAMES, Frames, Motion, Readout, encode_clips, solver_of
from judges import JointProbe, Joints
from stage import tracing

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--draw-dolls", required=True, help="the program of ../Dolls")
parser.add_argument("--libraries", help="a folder for LD_LIBRARY_PATH of draw-dolls")
parser.add_argument("--output", type=pathlib.Path, required=True)
parser.add_argument("--part", type=int, choices=[1, 2, 3], required=True)
parser.add_argument("--resume", type=pathlib.Path,
                    help="the output of part 1 (or of a part 2 to polish), or of unpack.py")
parser.add_argument("--seconds", type=float, required=True, help="after which everything is written")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--drawers", type=int, default=14)
parser.add_argument("--pool", type=int, default=12288, help="groups in memory")
parser.add_argument("--judge-pool", type=int, default=3072, help="groups in memory for the judges")
parser.add_argument("--cache", type=int, default=6144, help="groups that the conditional model sees")
parser.add_argument("--start", type=int, default=1024, help="groups that must be there to begin")
parser.add_argument("--test", type=int, default=64, help="groups of the test split for the score")
parser.add_argument("--batches", type=int, nargs=7, default=[12, 192, 64, 128, 128, 1024, 10],
                    help="autoencoder, CLIP, joints, frames, motion (groups), conditional (samples), pictures (groups)")
parser.add_argument("--early", type=float, default=0.22,
                    help="when CLIP, judges and frame encoder end in part 1, of all seconds")
parser.add_argument("--shares", type=float, nargs=3, default=[0.44, 0.7, 0.97],
                    help="when dynamics and, in part 2, autoencoder, then conditional model, then pictures end, of all")
parser.add_argument("--watch", type=float, default=600, help="seconds until every thread's place is logged")
parser.add_argument("--profile", action="store_true", help="at the end, which kernels a step takes")
parser.add_argument("--eager", action="store_true", help="do not compile the autoencoder")
options = parser.parse_args()

started = time.time()
# A thread that compiles should not hold up the one that launches steps.
sys.setswitchinterval(5e-4)
torch.manual_seed(options.seed + 1000 * options.part)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
on_gpu = device.type == "cuda"
dtype = torch.bfloat16 if on_gpu else torch.float32
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
torch.backends.cuda.enable_cudnn_sdp(False)
compiles = on_gpu and not options.eager
options.output.mkdir(parents=True, exist_ok=True)
log_file = open(options.output / "log.txt", "w")
# Where it hangs, if it does.
faulthandler.dump_traceback_later(options.watch, repeat=True, file=log_file)
S = options.seconds


def now():
    return time.time() - started


def log(text):
    line = f"{now():7.1f} s  {text}"
    print(line, flush=True)
    print(line, file=log_file, flush=True)


def drawers(pool, seed, split, first, processes, **more):
    return Drawers(
        options.draw_dolls, pool, seed, split, first, processes, libraries=options.libraries, **more
    )


# --- Weights ------------------------------------------------------------------------------------------------

dynamics = nets.Dynamics().to(device, memory_format=torch.channels_last)
networks = {
    "encoder": nets.Encoder().to(device, memory_format=torch.channels_last),
    "generator": nets.Generator().to(device),
    "codes": Codes().to(device),
    "frames": dynamics.swapae_encoder,
    "solver": solver_of(dynamics),
    "conditional": nets.Conditional().to(device),
    "projection": dynamics.conv1x1,
}
# What each file holds.
FILES = {
    "encoder": ["encoder"],
    "generator": ["generator", "codes"],
    "clip": ["clip"],
    "judges": ["judge-clip", "judge-clip-heads", "joints"],
    "dynamics": ["frames", "solver", "readout", "reader"],
    "conditional": ["conditional", "projection"],
}
HALVED = {"encoder", "generator", "clip", "judge-clip", "conditional"}
results = {}  # averages: what a pack takes


def stored(part, tensors):
    halves = lambda k, v: v.is_floating_point() and "running" not in k and "avg" not in k
    return {
        k: v.detach().cpu().half() if part in HALVED and halves(k, v) else v.detach().cpu().clone()
        for k, v in tensors.items()
    }


def save(parts):
    """Writes the files that hold any of these parts; a cut run leaves whole files."""
    for file, members in FILES.items():
        if set(members) & set(parts):
            partial = options.output / f"{file}.partial"
            torch.save({p: stored(p, results[p].state_dict()) for p in members if p in results}, partial)
            os.replace(partial, options.output / f"{file}.pt")


loaded = {}
if options.resume:
    for file in FILES:
        if (options.resume / f"{file}.pt").exists():
            loaded |= torch.load(options.resume / f"{file}.pt", map_location=device, weights_only=True)
    for name, module in networks.items():
        if name in loaded:
            module.load_state_dict(loaded[name])
    log(f"resumed: {', '.join(loaded)}")


# --- The run ------------------------------------------------------------------------------------------------

LOG_EVERY, SAVE_EVERY = min(15.0, S / 8), 60.0


def keep(stage, ends=False):
    """What a stage has averaged is the result so far; when it ends, its networks take that over."""
    if stage.steps:
        stage.finish() if ends else stage.wait()
        results.update({name: average.module for name, average in stage.averages.items()})
        save(stage.averages)
        if ends:
            for name, average in stage.averages.items():
                if name in networks:
                    networks[name].load_state_dict(average.module.state_dict())


def run(stages, course=()):
    """Trains stages beside each other, each until its own end.

    `course` is called between steps, a generator: it does some work at a time, and yields stages to join in.
    """
    stages, course = list(stages), iter(course)
    logged = saved = now()
    base, more = {}, True
    while stages or more:
        idle = True
        for stage in list(stages):
            if now() >= stage.end:
                if stage.ready:
                    log(stage.report())
                    keep(stage, ends=True)
                    log(f"{stage.name} ended")
                stages.remove(stage)
                stage.over = True
            elif stage.ready:
                stage.begin = stage.begin or now()
                try:
                    idle &= not stage.step((now() - stage.begin) / (stage.end - stage.begin))
                except Exception:
                    log(f"{stage.name} stops: {traceback.format_exc()}")
                    stages.remove(stage)
                    stage.over = True
        try:
            more = next(course, None)
        except Exception:
            log(f"the course stops: {traceback.format_exc()}")
            more = None
        if more is not None:
            stages += more
            idle &= not more
        more = more is not None
        if idle:
            time.sleep(2e-4)
        if now() - logged > LOG_EVERY:
            for stage in stages:
                if stage.steps:
                    rate = (stage.steps - base.get(stage, 0)) / (now() - logged)
                    base[stage] = stage.steps
                    log(f"{stage.report()} ({rate:.1f} a second)")
            logged = now()
        if now() - saved > SAVE_EVERY:
            for stage in stages:
                if stage.steps > stage.restarts:
                    keep(stage)
            saved = now()


def prepared(stage):
    """Prepares a stage; one that cannot be ends at once, and the others go on."""
    try:
        stage.prepare(log)
    except Exception:
        log(f"{stage.name} failed: {traceback.format_exc()}")
        stage.end = 0.0
    return stage


def in_background(stage):
    """Prepares a stage in a thread of its own; others train meanwhile."""
    thread = threading.Thread(target=prepared, args=(stage,), daemon=True)
    thread.start()
    return thread


def motion_course(begin, windows, first, last):
    """Computes codes of the clips as they come, then trains ConvGRU and ODE in one window after another.

    `begin()` says whether the frame encoder is finished; `windows` lists (steps, stride in frames, end).
    """
    frame_codes = torch.zeros(options.pool, CLIP_FRAMES, nets.STATE, 8, 8, dtype=torch.half, device=device)
    encoded = torch.zeros((), dtype=torch.long, device=device)
    done = 0

    def encode():
        nonlocal done
        place = slice(done, min(done + 32, pool.filled))
        if place.stop == done or (place.stop - done < 32 and place.stop < pool.capacity):
            return False
        if not tracing.acquire(blocking=False):
            return False
        try:
            encode_clips(pool, dynamics.swapae_encoder, place, frame_codes, dtype)
        finally:
            tracing.release()
        done = place.stop
        encoded.fill_(done)
        return True

    while not begin():
        yield []
    while done < options.start or (done < pool.filled - 32 and done < 2 * options.start):
        encode()
        yield []
    if on_gpu:
        # Not the whole device: another stage may be captured just now.
        torch.cuda.current_stream().synchronize()
    log(f"{done} groups' frames encoded")
    for index, (steps, stride, end) in enumerate(windows):
        stage = Motion(
            pool, options.batches[4], frame_codes, encoded, dynamics, readout, steps, stride, dtype=torch.float32,
            rate=2e-3,
        )  # fmt: skip
        share = lambda n: first + (last - first) * n / len(windows)
        stage.until(end, share(index), share(index + 1))
        thread = in_background(stage)
        while thread.is_alive():
            encode()
            yield []
        log(f"motion over {steps * stride} frames, {done} groups")
        yield [stage]
        while not stage.over:
            encode()
            yield []
    motion_course.codes, motion_course.count = frame_codes, done


log(f"{torch.cuda.get_device_name() if on_gpu else 'CPU'}, torch {torch.__version__}, part {options.part}, {S:.0f} s")
groups, part = options.batches, options.part
pool = Pool(options.pool, device)
drawing = [drawers(pool, options.seed, "train", 1_000_000 * (part - 1), options.drawers)]
if part == 1:
    judge_pool = Pool(options.judge_pool, device)
    drawing.append(drawers(judge_pool, options.seed + 1, "train", 0, max(1, options.drawers // 3)))
for drawn in drawing:
    drawn.wait(options.start)
log(f"{pool.filled} groups drawn")
statistics = pose_statistics(pool)
if "codes" not in loaded:
    networks["codes"].mean.copy_(statistics[0])
    networks["codes"].deviation.copy_(statistics[1])
readout = Readout(*statistics).to(device)
if "readout" in loaded:
    readout.load_state_dict(loaded["readout"])
if part < 3:
    autoencoder = Autoencoder(
        pool, groups[0], networks["encoder"], networks["generator"], networks["codes"],
        freezes_norms=part == 2, compiles=compiles, dtype=dtype,
    )  # fmt: skip

if part == 1:
    quick = [
        Frames(pool, groups[3], dynamics, statistics, dtype=dtype),
        Clip(pool, groups[1], dtype=dtype),
        Clip(judge_pool, groups[1], name="judge-clip", dtype=dtype),
        Joints(judge_pool, groups[2], dtype=dtype),
    ]
    for stage in quick:
        prepared(stage)
    begin, end = now(), S - min(8, S / 10)
    early = begin + options.early * (end - begin)
    for stage in quick:
        stage.until(early)
    in_background(autoencoder.until(end, 0, 0.6))
    span = lambda x: early + (end - early) * x
    windows = [(3, 4, span(0.12)), (6, 4, span(0.3)), (12, 4, span(0.6)), (19, 4, end)]
    run([*quick, autoencoder], motion_course(lambda: now() > early + 0.5, windows, 0, 0.6))
elif part == 3:
    a, b, c = (share * S for share in options.shares)
    quick = [
        Exact(pool, groups[3], networks["encoder"], networks["codes"], dtype=dtype),
        Frames(pool, groups[3], dynamics, statistics, dtype=dtype),
    ]
    for stage in quick:
        prepared(stage).until(now() + options.early * (a - now()))
    run(quick)
    # The frame encoder says something else now: ConvGRU and ODE learn it in short windows first.
    begin = now()
    windows = [(6, 4, begin + 0.15 * (a - begin)), (12, 4, begin + 0.4 * (a - begin)), (26, 3, a - 1)]
    run([], motion_course(lambda: True, windows, 0.2, 1.0))
else:
    a, b, c = (share * S for share in options.shares)
    in_background(autoencoder.until(a, 0.6, 1.0))
    if "solver" in loaded:
        windows, first = [(26, 3, a - 2)], 0.6
    else:
        windows, first = [(3, 4, 0.25 * a), (6, 4, 0.4 * a), (12, 4, 0.62 * a), (26, 3, a - 1)], 0.0
    run([autoencoder], motion_course(lambda: True, windows, first, 1.0))

for drawn in drawing:
    drawn.stop()
if part < 3:
    log(f"pictures: autoencoder {autoencoder.steps * groups[0] * 6}")
log(f"groups drawn: {pool.filled}")

if part > 1:
    encoder, generator = networks["encoder"].eval(), networks["generator"]
    clip = nets.ClipModel(len(pool.tokenizer.vocabulary)).to(device)
    clip.load_state_dict(loaded["clip"])
    frame_codes, count = motion_course.codes, min(motion_course.count, options.cache)
    cache = Cache(pool, count)

    def fill(cache, codes, size=64):
        for start in range(0, cache.count, size):
            place = slice(start, min(start + size, cache.count))
            cache.look(place, encoder, generator, clip, dtype)
            cache.solve(place, dynamics, codes)

    fill(cache, frame_codes)
    deviation = cache.codes[:, ::5].float().flatten(0, 1).std(0).clamp_min(0.05)
    log(f"{count} groups cached; the deviation of codes is {deviation.mean():.3f}")
    model, projection = networks["conditional"], networks["projection"]
    conditional = Conditional(
        pool, groups[5], cache, networks["codes"], encoder.latent_avg, model, projection, deviation, statistics,
        dtype=dtype,
    ).until(b)  # fmt: skip
    prepared(conditional)
    painting = Pictures(pool, groups[6], cache, model, projection, generator, compiles=False, dtype=dtype).until(c)
    run([conditional])
    run([prepared(painting)])

    log(f"pictures: conditional {conditional.steps * groups[5]} codes, pictures {painting.steps * groups[6] * 8}")

# A pack taken apart has no heads that name attributes: vsdb eval says how good it is.
if part > 1 and "judge-clip-heads" in loaded:
    test_pool = Pool(options.test, device)
    drawn = drawers(test_pool, options.seed, "test", 0, min(8, options.drawers), chunk=8)
    drawn.wait(options.test)
    test_codes = torch.zeros(options.test, CLIP_FRAMES, nets.STATE, 8, 8, dtype=torch.half, device=device)
    for start in range(0, options.test, 16):
        place = slice(start, min(start + 16, options.test))
        encode_clips(test_pool, dynamics.swapae_encoder, place, test_codes, dtype)
    test = Cache(test_pool, options.test, whole=True)
    fill(test, test_codes, 16)
    probe = JointProbe().to(device)
    probe.load_state_dict(loaded["joints"])
    judge = nets.ClipModel(len(pool.tokenizer.vocabulary)).to(device)
    judge.load_state_dict(loaded["judge-clip"])
    heads = torch.nn.ModuleDict({n: torch.nn.Linear(nets.WIDTH, k) for n, k in CHOICES.items()}).to(device)
    heads.load_state_dict(loaded["judge-clip-heads"])
    for line in evaluate.score(test_pool, test, networks, probe, judge, heads).items():
        log("%s: %s" % line)
if on_gpu:
    log(f"peak memory {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")
if options.profile and on_gpu and part < 3:
    # Last: what it finds is only for reading.
    from torch.profiler import ProfilerActivity

    autoencoder.warm_up(1)
    with torch.profiler.profile(activities=[ProfilerActivity.CUDA]) as found:
        autoencoder.warm_up(1)
    kernels = sorted(found.key_averages(), key=lambda k: -k.device_time_total)
    log(f"{sum(k.device_time_total for k in kernels) / 1000:.1f} ms in {sum(k.count for k in kernels)} kernels")
    for k in kernels[:60]:
        log(f"{k.device_time_total / 1000:8.2f} ms {k.count:5d} x {k.key[:140]}")
