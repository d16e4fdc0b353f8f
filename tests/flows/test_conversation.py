"""A conversation in the browser: answered again, put in other words, taken up after a reload."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.sync_api import expect

from tests.fixtures.running import Server
from tests.flows.conftest import OpenPage


def test_the_last_question_can_be_answered_again_and_changed(
    server: Server, open_page: OpenPage, analysed: dict[str, Any]
) -> None:
    page = open_page()
    page.goto(f"{server.url}/chat", wait_until="networkidle")
    page.get_by_test_id("chat-input").fill("What is rubato?")
    page.get_by_test_id("chat-send").click()
    answer = page.get_by_test_id("chat-answer")
    expect(answer).to_have_attribute("data-status", "complete", timeout=60_000)

    page.get_by_test_id("chat-again").click()
    expect(page.get_by_test_id("chat-again")).to_be_visible(timeout=60_000)
    expect(answer).to_have_count(1)
    expect(answer).to_have_attribute("data-status", "complete")

    page.get_by_test_id("chat-edit").click()
    page.get_by_test_id("chat-edit-text").fill("How do I practise trills?")
    page.get_by_test_id("chat-edit-send").click()
    expect(page.get_by_test_id("chat-question")).to_contain_text("How do I practise trills?")
    expect(answer).to_contain_text("trill", timeout=60_000, ignore_case=True)
    expect(page.get_by_test_id("chat-again")).to_be_visible(timeout=60_000)

    session = page.url.rpartition("/")[2]
    stored = httpx.get(f"{server.url}/api/chat/sessions/{session}").json()["messages"]
    asked = [message["content"] for message in stored if message["role"] == "user"]
    assert asked == ["How do I practise trills?"]
    page.reload()
    expect(answer).to_contain_text("trill", ignore_case=True)


def test_a_time_in_an_answer_plays_that_moment(
    server: Server, open_page: OpenPage, analysed: dict[str, Any]
) -> None:
    about = {"message": "What was my tempo from 0:03 to 0:06?", "recording_id": analysed["id"]}
    httpx.post(f"{server.url}/api/chat", json=about, timeout=60).raise_for_status()
    page = open_page()
    page.goto(server.url + analysed["path"], wait_until="networkidle")
    moment = page.get_by_test_id("chat-answer").get_by_test_id("time-button").first
    start = float(moment.get_attribute("data-start") or "nan")
    moment.click()
    expect(page.get_by_test_id("play-toggle")).to_have_accessible_name("Pause")
    minutes, seconds = divmod(int(start), 60)
    expect(page.get_by_test_id("current-time")).to_have_text(f"{minutes}:{seconds:02d}")
