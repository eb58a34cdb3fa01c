"""Records a finished visit as a session replay, and plans what the recording proves of dead clicks.

Rule: a dead click is `observed` where a recording covers it (a full snapshot at or before it,
anything 2500 ms or more after it); a mutation, scroll or selection in these 2500 ms answers it.
"""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from simulate import scene
from simulate.people import new_uuid
from simulate.planned import Planned, Recording
from simulate.recorder import Recorder

WINDOW_MS = 2_500
_GZIP = 16 + zlib.MAX_WBITS
_CHUNK_MS = 5_000  # a payload holds so much at most
# rrweb's event types and, of incremental ones (3), sources.
_FULL, _INCREMENTAL, _META = 2, 3, 4
_MUTATION = (
    b'{"source":0,"texts":[],"attributes":[{"id":5,"attributes":{"class":"shop open"}}],'
    b'"removes":[],"adds":[]}'
)
_MOVE = b'{"source":1,"positions":[{"x":300,"y":200,"id":5,"timeOffset":-40}]}'
_PRESS = b'{"source":2,"type":2,"id":5,"x":300,"y":200}'
_SCROLL = b'{"source":3,"id":1,"x":0,"y":640}'
_INPUT = b'{"source":5,"id":5,"text":"***","isChecked":false}'
_SELECTION = b'{"source":14,"ranges":[{"start":6,"startOffset":0,"end":6,"endOffset":3}]}'
_CHANGES = (_MUTATION, _SCROLL, _SELECTION)
# What a recorder sees at the moment of an event of the SDK.
_SEEN = {
    "mouse_move": _MOVE,
    "click": _PRESS,
    "scroll": _SCROLL,
    "input_change": _INPUT,
    "dblclick": _SELECTION,
}
# What changes the page soon after it.
_STIRS = frozenset({"page_view", "custom", "form_submit", "fetch_request", "xhr_request"})

Frame = tuple[int, int, bytes]
"""When, rrweb's type, rrweb's data."""


def film(rec: Recorder, rng: Random) -> None:
    """Add a recording to a visit; it changes no event of it, and no time."""
    frames = _frames(rec, rng)
    _judge(rec, frames)
    payloads = _payloads(frames, whole=rng.random() < 0.8)
    packed = rng.random() < 0.6
    clock = int(rng.random() * 600_000) - 300_000 if rng.random() < 0.3 else 0  # the recorder's own
    for chunk in payloads:
        data = _document(chunk, clock, array=len(payloads) < len(frames))
        rec.replay(new_uuid(rng), chunk[0][0], chunk[0][1], _gzip(data) if packed else data)
    rec.truth.recording = Recording(len(payloads), len(frames), frames[0][0], frames[-1][0])


def _frames(rec: Recorder, rng: Random) -> list[Frame]:
    """From a first full snapshot to the recorder's end, which is not the visit's."""
    truth = rec.truth
    begin, end = _span(truth.started_at, truth.ended_at, rng)
    frames: list[Frame] = []
    path = truth.views[0].path if truth.views else "/"
    opening = [(begin, *frame) for frame in _pictured(path, rec.viewport)]
    for at, kind, path in truth.timeline:
        if kind in _SEEN:
            frames.append((at, _INCREMENTAL, _SEEN[kind]))
        if kind == "page_view":
            frames += [(at, *frame) for frame in _pictured(path, rec.viewport)]
        if kind in _STIRS and rng.random() < 0.6:
            frames.append((at + 5 + int(rng.random() * 300), _INCREMENTAL, _MUTATION))
    for row in truth.insights:
        if row.kind == "dead_click" and rng.random() < 0.3:
            frames.append((row.at + _late(rng), _INCREMENTAL, _MUTATION))
    kept = [frame for frame in frames if begin < frame[0] < end]
    kept.sort(key=lambda frame: frame[0])
    return [*opening, *kept, (end, _INCREMENTAL, _MOVE)]


def _pictured(path: str, viewport: tuple[int, int]) -> tuple[tuple[int, bytes], ...]:
    """Where the recorder is, and all it sees there."""
    return (_META, scene.meta(path, viewport)), (_FULL, scene.snapshot(path, viewport[0]))


def _span(started_at: int, ended_at: int, rng: Random) -> tuple[int, int]:
    """Some recorders begin late, end early, or outlive the visit's last event."""
    lasted, draw = ended_at - started_at, rng.random()
    begin = started_at + int(rng.random() * (lasted // 2 if draw < 0.2 else min(lasted, 60)))
    if draw > 0.9:
        return begin, begin + 1 + int(rng.random() * (ended_at - begin))
    return begin, ended_at + 1 + (WINDOW_MS - 1 if draw > 0.5 else int(rng.random() * 300))


def _late(rng: Random) -> int:
    """After a click nothing else answers: in its window, at its last moment, or just too late."""
    draw = rng.random()
    if draw < 0.4:
        return 1 + int(rng.random() * WINDOW_MS)
    return WINDOW_MS + (draw < 0.7)


def _judge(rec: Recorder, frames: Sequence[Frame]) -> None:
    """Plan anew: which dead clicks the recording answers, and which it proves."""
    begin, end = frames[0][0], frames[-1][0]
    changes = [at for at, kind, data in frames if kind == _INCREMENTAL and data in _CHANGES]
    planned: list[Planned] = []
    for row in [*rec.truth.insights, *rec.unjudged]:
        if row.kind != "dead_click":
            planned.append(row)
        elif not any(row.at < change <= row.at + WINDOW_MS for change in changes):
            if begin <= row.at and row.at + WINDOW_MS <= end:
                planned.append(replace(row, grade="observed"))
            elif row not in rec.unjudged:
                planned.append(row)
    rec.truth.insights = planned


def _payloads(frames: Sequence[Frame], *, whole: bool) -> list[list[Frame]]:
    """As recorders send them: what a few seconds brought together, or each frame alone."""
    chunks: list[list[Frame]] = []
    for frame in frames:
        if not whole or not chunks or frame[0] - chunks[-1][0][0] > _CHUNK_MS:
            chunks.append([])
        chunks[-1].append(frame)
    return chunks


def _document(chunk: Sequence[Frame], clock: int, *, array: bool) -> bytes:
    events = [
        b'{"type":%d,"data":%b,"timestamp":%d}' % (kind, data, at + clock)
        for at, kind, data in chunk
    ]
    return b"[%b]" % b",".join(events) if array else events[0]


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(1, wbits=_GZIP)  # writes no time, so equal data are equal bytes
    return packer.compress(data) + packer.flush()
