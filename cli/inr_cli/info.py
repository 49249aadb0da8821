"""`inr info MODEL`: what is inside a model file."""

import math
from typing import Any

from inr.report.text import json_text
from inr_cli import options as common
from inr_cli import streams
from inr_cli.process import say


def info(
    model: streams.ModelPath,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Say what is inside MODEL: source, method, grades, sizes, recorded PSNR.

    Example: inr info cat-inr/cat.inr
    """
    with common.running(debug=debug):
        network, data = streams.read_model(model)
        from inr.codec.model_file import grade_bytes

        chunks, record = grade_bytes(data), network.record
        psnr = record.psnr_db or (None,) * len(network.grades)
        rows = [
            {
                "grade": number,
                "depth": grade.depth,
                "width": grade.width,
                "activation": grade.activation,
                "planes": [plane.entry for plane in grade.planes.layout] if grade.planes else [],
                "parameters": grade.parameters_count,
                "bytes": chunk,
                **({} if value is None else {"psnr_db": value if math.isfinite(value) else None}),
            }
            for number, (grade, chunk, value) in enumerate(zip(network.grades, chunks, psnr, strict=True), start=1)
        ]
        facts: dict[str, Any] = {
            "schema": 1,
            "file": streams.source(model),
            "bytes": len(data),
            "bpp": 8 * len(data) / (network.width * network.height),
            "width": network.width,
            "height": network.height,
            "channels": network.channels,
            "bit_depth": network.bit_depth,
            "icc_profile": network.icc_profile is not None,
            "entropy_model": network.entropy_model is not None,
            "method": record.method,
            "seed": record.seed,
            "frame": network.frame,
            **({} if network.lattice is None else {"lattice": list(network.lattice.pixels.shape[1::-1])}),
            "frequencies": network.encoding.frequencies.shape[1],
            "feed": network.feed,
            "parameters": network.parameters_count,
            "versions": dict(record.versions),
            "grades": rows,
        }
        if json:
            say(json_text(facts))
        elif not quiet:
            say(_text(facts))


def _text(facts: dict[str, Any]) -> str:
    kinds = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}
    profile = ", colour profile" if facts["icc_profile"] else ""
    fed = "" if facts["feed"] == "features" else ", seen by every grade"
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    planes = any(row["planes"] for row in facts["grades"])
    encoding = "feature planes" if planes else "none (bare coordinates)"
    encoding = f"{facts['frequencies']} frequencies" if facts["frequencies"] else encoding
    if "lattice" in facts:
        encoding = "lattice of {} x {} pixels of the picture, and their cubic interpolation as grade 0".format(
            *facts["lattice"]
        )
    others = [
        "header",
        *(["lattice of pixels"] if "lattice" in facts else []),
        *(["entropy model"] if facts["entropy_model"] else []),
        *(["colour profile"] if facts["icc_profile"] else []),
    ]
    lines = [
        f"{facts['file']}: {facts['bytes']:,} bytes, {facts['bpp']:.2f} bits per pixel",
        f"source      {facts['width']} x {facts['height']}, "
        f"{kinds[facts['channels']]}, {facts['bit_depth']} bits{profile}",
        f"method      {facts['method']}, seed {facts['seed']}",
        f"encoding    {encoding}{fed}; {facts['frame']} frame",
        f"parameters  {facts['parameters']:,}",
        f"besides     {facts['bytes'] - sum(row['bytes'] for row in facts['grades']):,} bytes: {', '.join(others)}",
        f"written by  {versions}",
        "",
        f"{'grade':>5}  {'layers':>13}  {'parameters':>10}  {'bytes':>9}  {'PSNR dB':>7}"
        + ("  planes (pixels per cell x latents)" if planes else ""),
    ]
    for row in facts["grades"]:
        layers = f"{row['depth']} x {row['width']} {row['activation']}"
        value = row.get("psnr_db", math.nan)  # absent: not recorded; None: an exact copy
        psnr = "exact" if value is None else "-" if math.isnan(value) else f"{value:.2f}"
        line = f"{row['grade']:>5}  {layers:>13}  {row['parameters']:>10,}  {row['bytes']:>9,}  {psnr:>7}"
        grid = ", ".join(f"{cell} x {channels}{' around' if more else ''}" for cell, channels, *more in row["planes"])
        lines.append(f"{line}  {grid}" if grid else line)
    return "\n".join(lines)
