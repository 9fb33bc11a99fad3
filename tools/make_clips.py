"""Makes the clips under fixtures/clips, the pictures beside them, and their manifest. Needs PyAV (package `av`).

    python tools/make_clips.py           # make them anew
    python tools/make_clips.py --check   # do the files match the manifest? Needs nothing but Python

Two runs with the same version of PyAV give the same bytes. The films are H.264 at a few frames a second: a drifting
pattern over a little noise, so that no two are alike, a cut at some thousand bytes is in the middle of one, and all of
them together stay small.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "fixtures" / "clips"
FRAMES_A_SECOND = 2
SIX_SECONDS = [
    (854, 480), (480, 854), (1280, 720), (720, 1280), (1920, 1080), (1080, 1920), (720, 720), (1080, 1080),
    (1080, 720), (720, 1080),
]  # fmt: skip
MORE = {
    (1280, 720): (4, 8, 10, 12, 15),
    (720, 1280): (4, 8, 10, 12, 15),
    (1792, 1024): (4, 8, 12),
    (1024, 1792): (4, 8, 12),
    (1920, 1080): (10, 15),
    (1080, 1920): (10, 15),
}
CLIPS = [(size, 6) for size in SIX_SECONDS] + [(size, length) for size, lengths in MORE.items() for length in lengths]
DECOY = "decoy"


def pattern(width: int, height: int, frame: int, seed: int) -> bytes:
    """One frame as planar YUV 4:2:0: bands that drift, coarse noise in the middle, colours from the seed."""
    chance = random.Random(seed)
    hue_u, hue_v, slant = chance.randrange(60, 196), chance.randrange(60, 196), chance.randrange(1, 4)
    noise = random.Random(f"{seed}:{frame}")
    band = max(16, height // 12)
    rows = []
    cells = [noise.randrange(40, 216) for _ in range(24)]
    for y in range(height):
        shift = (y * slant // 2 + frame * band) // band
        row = bytes([60 + 120 * ((shift + x) % 2) for x in range(width // band + 2)])
        line = b"".join(bytes([value]) * band for value in row)[:width]
        if height // 3 < y < height // 2:
            cell = width // 24
            line = b"".join(bytes([cells[(x + y // 16) % 24]]) * cell for x in range(24)).ljust(width, b"\x80")[:width]
        rows.append(line)
    quarter = (width // 2) * (height // 2)
    return b"".join(rows) + bytes([hue_u]) * quarter + bytes([hue_v]) * quarter


def make_clip(path: Path, width: int, height: int, seconds: int, seed: int) -> None:
    """Write one film."""
    import av

    options = {"preset": "medium", "crf": "36", "threads": "1", "x264-params": "threads=1:keyint=64"}
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        stream: Any = container.add_stream("libx264", rate=FRAMES_A_SECOND, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.flags |= 0x00800000  # bitexact: no version of the encoder in the file
        for number in range(seconds * FRAMES_A_SECOND):
            frame = av.VideoFrame(width, height, "yuv420p")
            planes = pattern(width, height, number, seed)
            start = 0
            for plane, (across, down) in zip(
                frame.planes, [(width, height), (width // 2, height // 2), (width // 2, height // 2)], strict=True
            ):
                lines = [planes[start + y * across : start + (y + 1) * across] for y in range(down)]
                plane.update(b"".join(line.ljust(plane.line_size, b"\0") for line in lines))
                start += across * down
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def make_pictures(film: Path, thumbnail: Path, spritesheet: Path) -> None:
    """Write the first frame of a film as a WebP, and eight of its frames below one another as a JPEG."""
    import av

    with av.open(str(film)) as container:
        frames = list(container.decode(video=0))
    first = frames[0].reformat(width=640, height=360, format="yuv420p")
    with av.open(str(thumbnail), "w", format="webp") as container:
        stream: Any = container.add_stream("libwebp", rate=1)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        container.mux(stream.encode(first))
        container.mux(stream.encode(None))
    small = [frame.reformat(width=320, height=180, format="rgb24") for frame in frames[:: len(frames) // 8][:8]]
    sheet = av.VideoFrame(320, 180 * len(small), "rgb24")
    width = sheet.planes[0].line_size
    lines = []
    for frame in small:
        plane = frame.planes[0]
        data = bytes(plane)
        lines += [data[y * plane.line_size : y * plane.line_size + 960].ljust(width, b"\0") for y in range(180)]
    sheet.planes[0].update(b"".join(lines))
    with av.open(str(spritesheet), "w", format="image2") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 320, 180 * len(small), "yuvj420p"
        container.mux(stream.encode(sheet.reformat(format="yuvj420p")))
        container.mux(stream.encode(None))


def facts(path: Path) -> dict[str, Any]:
    """What the manifest says of any file."""
    data = path.read_bytes()
    return {"file": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def make() -> None:
    """Make everything."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    clips = []
    for seed, ((width, height), seconds) in enumerate(CLIPS):
        name = f"{width}x{height}-{seconds}s"
        make_clip(FOLDER / f"{name}.mp4", width, height, seconds, seed)
        clips.append(
            {"name": name, "width": width, "height": height, "seconds": seconds} | facts(FOLDER / f"{name}.mp4")
        )
    make_clip(FOLDER / f"{DECOY}.mp4", 1280, 720, 6, 1000)
    clips.append({"name": DECOY, "width": 1280, "height": 720, "seconds": 6} | facts(FOLDER / f"{DECOY}.mp4"))
    make_pictures(FOLDER / "1280x720-6s.mp4", FOLDER / "thumbnail.webp", FOLDER / "spritesheet.jpg")
    pictures = [
        {"name": "thumbnail", "media_type": "image/webp"} | facts(FOLDER / "thumbnail.webp"),
        {"name": "spritesheet", "media_type": "image/jpeg"} | facts(FOLDER / "spritesheet.jpg"),
    ]
    manifest = {"clips": sorted(clips, key=lambda clip: str(clip["name"])), "pictures": pictures}
    (FOLDER / "clips.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    for made in [*manifest["clips"], *pictures]:
        print(f"{made['file']:20} {made['bytes']:7}")


def check() -> int:
    """Say which files do not match the manifest; the exit code."""
    manifest = json.loads((FOLDER / "clips.json").read_text("utf-8"))
    wrong = 0
    for told in [*manifest["clips"], *manifest["pictures"]]:
        path = FOLDER / told["file"]
        if not path.is_file() or facts(path) != {key: told[key] for key in ("file", "bytes", "sha256")}:
            print(f"{told['file']}: not what the manifest says", file=sys.stderr)
            wrong += 1
    return 1 if wrong else 0


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare the files with the manifest")
    if parser.parse_args().check:
        return check()
    make()
    return 0


if __name__ == "__main__":
    sys.exit(main())
