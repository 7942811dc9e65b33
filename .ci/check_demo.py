"""Checks what the demo made, with ffmpeg and plain Python and none of vsdb's own readers.

Usage: check_demo.py VSDB DEMO. The demo is the one of DEMO_SUBSET=1. Ends with 1 at the first failure.
"""

import json
import math
import os
import pathlib
import subprocess
import sys

VSDB, DEMO = sys.argv[1], pathlib.Path(sys.argv[2])
SIDE, FRAMES = 128, 50
FRAME_BYTES = 3 * SIDE * SIDE
SAMPLES = pathlib.Path("Samples")


def check(holds, claim):
    print(("ok      " if holds else "FAILED  ") + claim)
    if not holds:
        sys.exit(1)


def output(*command):
    """Standard output; a command that fails ends the check with its message."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE)
    check(result.returncode == 0, "runs: " + " ".join(str(word) for word in command))
    return result.stdout


def vsdb(*words):
    return output(VSDB, *words, "--library", DEMO / "library")


def pixels(film):
    """All frames of a film as packed 8-bit RGB."""
    return output("ffmpeg", "-v", "error", "-i", film, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")


def psnr(film, truth):
    """Mean over frames of the peak signal-to-noise ratio in dB."""
    total = 0.0
    for start in range(0, len(truth), FRAME_BYTES):
        a, b = film[start : start + FRAME_BYTES], truth[start : start + FRAME_BYTES]
        error = sum((x - y) ** 2 for x, y in zip(a, b)) / FRAME_BYTES
        total += 10 * math.log10(255**2 / max(error, 1e-9))
    return total / (len(truth) // FRAME_BYTES)


def green(film):
    """How much greener than red and blue the middle of the torso is, over all frames."""
    total, count = 0.0, 0
    for frame in range(0, len(film), FRAME_BYTES):
        for row in range(56, 68):
            for column in range(58, 70):
                red, green, blue = film[frame + 3 * (SIDE * row + column) :][:3]
                total, count = total + green - (red + blue) / 2, count + 1
    return total / count


def check_container(path):
    probe = json.loads(
        output("ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", path)
    )
    (stream,) = probe["streams"]
    facts = [stream[key] for key in ("codec_name", "pix_fmt", "width", "height", "nb_read_frames")]
    check(facts == ["h264", "yuv420p", SIDE, SIDE, str(FRAMES)], f"{path}: {facts}")
    data = path.read_bytes()
    check(0 < data.find(b"moov") < data.find(b"mdat"), f"{path}: the index stands in front")


def main():
    clips = json.loads(vsdb("list", "--json"))
    check(len(clips) == 4, "list --json is an array of 4 clips")
    keys = {"id", "name", "source", "start", "end", "pack", "assets"}
    check(all(keys <= clip.keys() for clip in clips), f"every clip has {sorted(keys)}")
    check(
        all({"path", "sha256"} <= clip["source"].keys() for clip in clips),
        "every source has path and sha256",
    )

    clip = SAMPLES / "clips/figure00_motion00.mp4"
    last = json.loads(vsdb("ingest", clip, "--json").splitlines()[-1])
    check((last["added"], last["skipped"]) == (0, 1), "the same bytes again are not ingested again")

    for name in ("swap", "green-top"):
        check_container(DEMO / f"films/{name}.mp4")
    first, again = [(DEMO / f"films/{name}.mp4").read_bytes() for name in ("swap", "swap-again")]
    check(first == again, "a saved composition renders to the same bytes")

    raw = vsdb("render", "swap", "-o", "-")
    check(len(raw) == FRAMES * FRAME_BYTES, f"raw video on stdout: {len(raw)} bytes")
    swap = pixels(DEMO / "films/swap.mp4")
    check(psnr(swap, raw) > 30, f"the film shows the raw frames: {psnr(swap, raw):.2f} dB")
    truth = pixels(SAMPLES / "truth/figure00_with_motion13.mp4")
    moving, still = psnr(raw, truth), psnr(raw[:FRAME_BYTES] * FRAMES, truth)
    unmoved = psnr(pixels(clip), truth)
    check(moving > still + 1, f"exact drawing: {moving:.2f} dB, first frame held {still:.2f} dB")
    check(moving > unmoved + 1, f"exact drawing: {moving:.2f} dB, own motion {unmoved:.2f} dB")

    before, after = green(pixels(clip)), green(pixels(DEMO / "films/green-top.mp4"))
    check(after > before + 20, f"the top turned green: {before:.1f} to {after:.1f}")

    recipe = DEMO / "recipe.mkv"
    vsdb("render", SAMPLES / "recipes/swap-with-green-top.json", "-o", recipe)
    check(len(pixels(recipe)) == FRAMES * FRAME_BYTES, "the sample recipe renders losslessly")
    os.remove(recipe)
    for sheet in ("swap", "green-top"):
        data = (DEMO / f"sheets/{sheet}.png").read_bytes()
        check(data[:8] == b"\x89PNG\r\n\x1a\n", f"{sheet}.png is a PNG")


main()
