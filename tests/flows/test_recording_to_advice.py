"""The whole product through a real server: a recording in, scores, advice and answers out."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from crescendai.music.dimensions import DIMENSION_KEYS, HOLISTIC_KEYS
from tests.conftest import MakeRecording
from tests.fixtures.running import Server, running, wait_until
from tests.fixtures.sounds import FUGUE, RATE, encode
from tests.fixtures.streams import Event, read_events, said

ANALYSED_WITHIN_SEC = 180.0


def upload(server: Server, path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        answer = httpx.post(f"{server.url}/api/upload", files={"file": file}, timeout=60)
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body


def get(server: Server, path: str) -> Any:
    answer = httpx.get(f"{server.url}{path}", timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def follow(server: Server, recording_id: str) -> list[Event]:
    """The progress events of an analysis, to its end."""
    url = f"{server.url}/api/recordings/{recording_id}/events"
    with httpx.stream("GET", url, timeout=ANALYSED_WITHIN_SEC) as answer:
        return list(read_events(answer))


@pytest.fixture(scope="session")
def analysed(server: Server, recording: MakeRecording) -> dict[str, Any]:
    """A real recording, analysed by the running server."""
    sent = upload(server, recording(".m4a", seconds=20))
    events = follow(server, sent["recording_id"])
    assert events[-1].done
    assert events[-2].data["status"] == "ready", events[-2].data
    found: dict[str, Any] = get(server, f"/api/recordings/{sent['recording_id']}/analysis")
    return found


def test_progress_is_told_as_it_happens(server: Server, recording: MakeRecording) -> None:
    sent = upload(server, recording(".mp3", FUGUE, seconds=24))
    events = follow(server, sent["recording_id"])
    percents = [event.data["percent"] for event in events[:-1]]
    stages = {event.data["stage"] for event in events[:-1]}
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert {"transcribing", "done"} <= stages
    assert any(5 < percent < 95 for percent in percents)


def test_an_analysis_is_whole_and_honest(analysed: dict[str, Any]) -> None:
    assert tuple(analysed["scores"]) == DIMENSION_KEYS
    assert tuple(analysed["holistic"]) == HOLISTIC_KEYS
    assert analysed["duration"] == pytest.approx(20, abs=0.2)
    for key, value in (analysed["scores"] | analysed["holistic"]).items():
        low, high = analysed["intervals"][key]
        assert 0 <= low <= value <= high <= 1
        assert high - low > 0.05
    segments = analysed["temporal_segments"]
    assert [segment["timestamp"] for segment in segments][:2] == ["0:00-0:03", "0:03-0:06"]
    assert segments[-1]["end"] == pytest.approx(analysed["duration"])
    assert sum(segment["note_count"] for segment in segments) > 40
    assert analysed["measurements"]["note_count"]["value"] > 40
    assert analysed["measurements"]["tempo_bpm"]["unit"] == "beats per minute"
    assert analysed["measurements"]["loudness_lufs"]["value"] < 0
    for segment in analysed["temporal_segments"]:
        assert segment["measurements"].keys() == analysed["measurements"].keys()
        assert segment["measurements"]["note_count"] == segment["note_count"]
    assert analysed["audio_quality"]["is_piano"] is True


def test_another_recording_is_heard_differently(
    server: Server, analysed: dict[str, Any], recording: MakeRecording
) -> None:
    sent = upload(server, recording(".wav", FUGUE, start_sec=5, seconds=14))
    follow(server, sent["recording_id"])
    other = get(server, f"/api/recordings/{sent['recording_id']}/analysis")
    differences = [abs(other["scores"][k] - analysed["scores"][k]) for k in DIMENSION_KEYS]
    assert max(differences) > 0.02
    assert other["measurements"]["note_count"] != analysed["measurements"]["note_count"]
    compared = get(
        server,
        f"/api/progress?recording_id={sent['recording_id']}&against={analysed['recording_id']}",
    )
    key = DIMENSION_KEYS[0]
    assert compared["dimensions"][key]["value"] == other["scores"][key]
    assert compared["dimensions"][key]["against"] == analysed["scores"][key]
    assert len(get(server, "/api/progress")["dimensions"][key]) >= 2


def test_what_is_not_a_piano_is_refused_with_a_reason(server: Server, tmp_path: Path) -> None:
    silence = encode(tmp_path / "silence.wav", np.zeros(6 * RATE, np.float32))
    noise = np.random.default_rng(1).normal(0, 0.1, 6 * RATE).astype(np.float32)
    speech = tmp_path / "speech.wav"
    words = "This is a person speaking about the weather, not a piano. " * 3
    subprocess.run(["espeak-ng", "-w", str(speech), words], check=True)
    for path, code in (
        (silence, "silent"),
        (encode(tmp_path / "noise.wav", noise), "not_piano"),
        (speech, "not_piano"),
    ):
        sent = upload(server, path)
        last = follow(server, sent["recording_id"])[-2].data
        assert last["status"] == "refused", path
        assert last["problem"]["code"] == code
        answer = httpx.get(f"{server.url}/api/recordings/{sent['recording_id']}/analysis")
        assert answer.status_code == 409
        assert answer.json()["detail"] == last["problem"]["reason"]


def test_a_clip_under_three_seconds_is_refused(server: Server, recording: MakeRecording) -> None:
    path = recording(".wav", seconds=2.5)
    answer = httpx.post(f"{server.url}/api/upload", files={"file": path.open("rb")}, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:crescendai:problem:too_short"
    assert "2.5 s long; at least 3 s" in answer.json()["detail"]


def test_the_library_finds_the_right_article(server: Server, library: None) -> None:
    for question, title in (
        ("my pedal sounds muddy", "pedal"),
        ("how do I practise trills", "trill"),
        ("my hands are nervous on stage", "nerves"),
    ):
        results = get(server, f"/api/knowledge/search?q={question}&top_k=3")["results"]
        assert any(title in hit["title"].lower() for hit in results), (question, results)


def test_a_users_pdf_is_found_with_its_page(server: Server, shared: Path, library: None) -> None:
    pdf = shared / "corpus" / "pdf" / "hullah_leschetizky.pdf"
    answer = httpx.post(
        f"{server.url}/api/knowledge/ingest", files={"file": pdf.open("rb")}, timeout=60
    )
    assert answer.status_code == 202
    document_id = answer.json()["document_id"]

    def ready() -> Any:
        document = get(server, f"/api/knowledge/documents/{document_id}")
        assert document["status"] != "failed", document
        return document if document["status"] == "ready" else None

    document = wait_until(ready, 240)
    assert document["page_count"] == 47
    results = get(server, "/api/knowledge/search?q=Leschetizky class lessons in Vienna&top_k=5")
    pages = [hit["page"] for hit in results["results"] if hit["document_id"] == document_id]
    assert pages
    assert all(page >= 1 for page in pages)


def test_feedback_keeps_to_the_evidence(
    server: Server, analysed: dict[str, Any], library: None
) -> None:
    url = f"{server.url}/api/feedback/{analysed['recording_id']}"
    answer = httpx.post(url, timeout=60)
    assert answer.status_code == 201, answer.text
    feedback = answer.json()
    assert 3 <= len(feedback["temporal_feedback"]) <= 5
    for moment in feedback["temporal_feedback"]:
        assert 0 <= moment["start"] < moment["end"] <= analysed["duration"]
        assert set(moment["dimensions"]) <= set(DIMENSION_KEYS)
    practice = feedback["practice_recommendations"]
    assert 3 <= len(practice["immediate_priorities"]) <= 5
    assert 2 <= len(practice["long_term_development"]) <= 3
    texts = "".join(
        hit["text"] for hit in _chunks(server, [c["title"] for c in feedback["citations"]])
    )
    assert feedback["citations"]
    for citation in feedback["citations"]:
        assert _plain(citation["quote"]) in _plain(texts), citation["quote"]
    named = {citation["id"] for citation in feedback["citations"]}
    for item in practice["immediate_priorities"] + practice["long_term_development"]:
        assert set(item["citations"]) <= named
    values = {f"{v:.2f}" for v in (analysed["scores"] | analysed["holistic"]).values()}
    stated = re.findall(
        r"at (0\.\d\d) ", " ".join(p["approach"] for p in practice["long_term_development"])
    )
    assert set(stated) <= values
    history = get(server, f"/api/feedback/{analysed['recording_id']}")
    assert history["items"][0] == feedback


def _plain(text: str) -> str:
    return " ".join(text.split())


def _chunks(server: Server, titles: list[str]) -> list[dict[str, Any]]:
    """The passages of the articles with these titles, straight from the packaged handbook."""
    import crescendai.knowledge

    folder = Path(crescendai.knowledge.__file__).parent / "handbook"
    articles = [path.read_text() for path in folder.glob("*.md")]
    return [{"text": text} for text in articles if any(f"title: {t}\n" in text for t in titles)]


def test_a_chat_turn_streams_cites_and_is_stored(
    server: Server, analysed: dict[str, Any], library: None
) -> None:
    question = {
        "message": "What should I practise next?",
        "recording_id": analysed["recording_id"],
    }
    with httpx.stream("POST", f"{server.url}/api/chat", json=question, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = list(read_events(answer))
    names = [event.name for event in events]
    assert names[0] == "session"
    assert "tool_call" in names
    assert "tool_result" in names
    assert "citation" in names
    assert events[-1].done
    ids = [event.id for event in events[:-1]]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    text = said(events)
    session = get(server, f"/api/chat/sessions/{events[0].data['session_id']}")
    roles = [message["role"] for message in session["messages"]]
    assert roles[0] == "user"
    assert roles[-1] == "assistant"
    assert "tool" in roles
    spoken = [m for m in session["messages"] if m["role"] == "assistant" and m["content"]]
    assert "".join(m["content"] for m in spoken).split() == text.split()
    assert any(m["citations"] for m in session["messages"])
    listed = get(server, "/api/chat/sessions")["items"]
    assert session["session_id"] in [item["session_id"] for item in listed]


def test_a_client_that_reconnects_gets_the_rest(server: Server, library: None) -> None:
    with httpx.stream(
        "POST", f"{server.url}/api/chat", json={"message": "How do I practise octaves?"}, timeout=60
    ) as answer:
        seen: list[Event] = []
        for event in read_events(answer):
            seen.append(event)
            if len(seen) == 6:
                break
    session_id = seen[0].data["session_id"]
    url = f"{server.url}/api/chat/sessions/{session_id}/events"
    with httpx.stream(
        "GET", url, headers={"Last-Event-ID": seen[-1].id or ""}, timeout=60
    ) as answer:
        rest = list(read_events(answer))
    assert rest[-1].done
    assert not {event.id for event in seen} & {event.id for event in rest[:-1]}
    session = get(server, f"/api/chat/sessions/{session_id}")
    assert session["messages"][-1]["status"] == "complete"
    text = said([*seen, *rest])
    stored = "".join(m["content"] for m in session["messages"] if m["role"] == "assistant")
    assert stored.split() == text.split()


def test_context_is_kept(server: Server) -> None:
    context = {
        "goals": ["play for friends"],
        "constraints": ["20 minutes a day"],
        "repertoire": ["Prelude in C"],
        "experience_level": "intermediate",
        "feedback_style": "gentle",
    }
    assert httpx.put(f"{server.url}/api/context", json=context).status_code == 200
    found = get(server, "/api/context")
    assert {key: found[key] for key in context} == context


def test_a_killed_worker_loses_nothing(tmp_path: Path, recording: MakeRecording) -> None:
    with running(tmp_path / "data") as server:
        sent = upload(server, recording(".wav", seconds=30))

        def transcribing() -> bool:
            found = get(server, f"/api/recordings/{sent['recording_id']}")
            return bool(found["stage"] == "transcribing" and found["percent"] > 10)

        wait_until(transcribing, 90)
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        server.stop(signal.SIGKILL)
        server.start()
        last = follow(server, sent["recording_id"])[-2].data
        assert last["status"] == "ready", server.log[-1500:]
        assert get(server, f"/api/recordings/{sent['recording_id']}/analysis")["scores"]


def test_no_personal_data_in_the_log(server: Server, analysed: dict[str, Any]) -> None:
    log = server.log
    assert "/api/upload" in log
    assert "What should I practise" not in log
    assert json.dumps(analysed["recording_id"])[1:9] in log  # paths are logged, contents never
