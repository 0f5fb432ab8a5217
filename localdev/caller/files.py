"""What a call leaves in a folder: both sides' audio, the transcript, the timeline."""

from __future__ import annotations

import json
from pathlib import Path

from core.transcript import markdown
from localdev.caller.picture import Scene, timeline_svg
from localdev.caller.place import Placed


def write_files(placed: Placed, folder: Path) -> dict[str, Path]:
    """Write the files of a call; return them by their names in the report."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "caller_wav": folder / "caller.wav",
        "heard_wav": folder / "heard.wav",
        "transcript": folder / "transcript.md",
        "timeline": folder / "timeline.json",
        "picture": folder / "timeline.svg",
    }
    files["caller_wav"].write_bytes(placed.caller_wav)
    files["heard_wav"].write_bytes(placed.heard_wav)
    files["transcript"].write_text(markdown(placed.record))
    files["picture"].write_text(timeline_svg(_scene(placed)))
    timeline = {"simulator": placed.timeline, "call": placed.record.get("timeline", [])}
    files["timeline"].write_text(json.dumps(timeline, indent=1))
    return {name: path.resolve() for name, path in files.items()}


def _scene(placed: Placed) -> Scene:
    return Scene(
        title=f"call {placed.call_id}",
        ears=placed.ears,
        stops=tuple(e["at_ms"] for e in placed.timeline if e["kind"] == "stop_audio"),
        turns=placed.turns,
    )
