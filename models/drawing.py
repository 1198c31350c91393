"""`python -m models.drawing`: draw one picture with shap, JSON on standard input, the picture on standard output.

A program of its own, because shap and matplotlib take seconds and some 200 MB to load: `models/pictures.py` starts it, and neither the
gateway nor a training ever holds them. shap only draws: the values come with the request.
"""

import json
import sys
from io import BytesIO
from typing import Any


def main() -> int:
    """Read, draw, write."""
    sys.stdout.buffer.write(draw(json.load(sys.stdin)))
    return 0


def draw(picture: dict[str, Any]) -> bytes:
    """The picture as SVG or PNG, the same bytes for the same values."""
    import matplotlib.pyplot as plot  # here, so that to import this module has no effect
    import numpy as np
    import shap

    plot.rcParams["svg.hashsalt"] = "candor"
    plot.rcParams["text.parse_math"] = False  # a name may hold a dollar
    np.random.seed(0)  # a beeswarm scatters its points within their row
    values = np.array(picture["values"], np.float64)
    told = shap.Explanation(
        values=values,
        base_values=np.full(len(values), picture["base"]) if values.ndim == 2 else picture["base"],
        data=np.array(picture["data"], np.float64) if "data" in picture else None,
        feature_names=picture["names"],
    )
    if picture["kind"] == "waterfall":
        shap.plots.waterfall(told, max_display=len(values), show=False)
    elif picture["kind"] == "beeswarm":
        shap.plots.beeswarm(told, max_display=values.shape[1], color_bar_label=picture["bar"], show=False)
        plot.xlabel(picture["x"])
    else:
        shap.plots.scatter(told[:, picture["column"]], show=False)
        plot.xlabel(picture["x"])
        plot.ylabel(picture["y"])
    out = BytesIO()
    metadata = {"Date": None, "Creator": None} if picture["form"] == "svg" else {"Software": None}
    plot.savefig(out, format=picture["form"], bbox_inches="tight", dpi=110, metadata=metadata)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
