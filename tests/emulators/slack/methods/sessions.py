"""assistant.threads.* and agents.sessions.*: what stands around an agent's answers."""

from __future__ import annotations

from typing import Any

from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError, missing
from tests.emulators.slack.surfaces import Place, Session
from tests.emulators.slack.world import Channel

Json = dict[str, Any]

STATUSES = frozenset({"active", "processing", "suspended", "closed"})
LONGEST_TITLE = 200
MOST_LOADING_MESSAGES = 10
MOST_PROMPTS = 4  # manifest schema, maxItems


def set_status(call: Call) -> Json:
    """assistant.threads.setStatus."""
    place = _thread(call)
    if "status" not in call.args:
        raise missing("status")
    loading = call.args.structure("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > MOST_LOADING_MESSAGES:
        raise SlackError("invalid_arguments", f"at most {MOST_LOADING_MESSAGES} loading_messages")
    call.slack.surfaces.set_status(place, call.args.text("status"), [str(item) for item in loading])
    return {}


def set_title(call: Call) -> Json:
    """assistant.threads.setTitle."""
    call.slack.surfaces.titles[_thread(call)] = call.args.need("title")
    return {}


def set_suggested_prompts(call: Call) -> Json:
    """assistant.threads.setSuggestedPrompts; without a thread they stand above the messages tab."""
    channel = call.joined("channel_id")
    prompts = call.args.structure("prompts")
    if not isinstance(prompts, list) or not prompts:
        raise missing("prompts")
    for prompt in prompts:
        if not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message"):
            raise SlackError("invalid_arguments", "a prompt has a title and a message")
    if len(prompts) > MOST_PROMPTS:
        call.warnings.append(f"only {MOST_PROMPTS} prompts are shown")
    call.slack.surfaces.prompts[(channel.id, call.args.text("thread_ts"))] = prompts[:MOST_PROMPTS]
    return {}


def _thread(call: Call) -> Place:
    channel = call.joined("channel_id")
    ts = call.args.need("thread_ts")
    if call.slack.world.find(channel, ts) is None:
        raise SlackError("invalid_thread_ts")
    return channel.id, ts


def set_session_status(call: Call) -> Json:
    """agents.sessions.setStatus; the first call makes the session."""
    channel = _session_channel(call)
    status = call.args.need("status")
    if status not in STATUSES:
        raise SlackError("invalid_status")
    thread = call.args.text("thread_ts")
    if not thread:
        raise SlackError("thread_ts_required")
    if len(call.args.text("title")) > LONGEST_TITLE:
        raise SlackError("invalid_arguments", f"must be less than {LONGEST_TITLE + 1} characters: title")
    initiator = call.args.text("initiator_user_id")
    if initiator and initiator not in channel.members:
        raise SlackError("user_not_found")
    return change_session(call, channel, thread, status, title=call.args.text("title"))


def change_session(call: Call, channel: Channel, thread: str, status: str, *, title: str = "") -> Json:
    """Move a session to `status`, making it with `title` when there is none."""
    surfaces = call.slack.surfaces
    place = (channel.id, thread)
    session = surfaces.sessions.setdefault(place, Session(status=status, title=title))
    session.status = status
    surfaces.session_history.append((place, status))
    told: Json = {"status": status, "agent_status": status}
    told |= {"title": session.title} if session.title else {}
    if status == "processing" and not call.slack.subscribes("agent_session_stopped"):
        told["warning"] = "missing_agent_session_stopped_event_subscription"
        call.warnings.append(told["warning"])
    return told


def rename_session(call: Call) -> Json:
    """agents.sessions.rename."""
    channel = _session_channel(call)
    title = call.args.need("title")
    if len(title) > LONGEST_TITLE:
        raise SlackError("invalid_arguments", f"must be less than {LONGEST_TITLE + 1} characters: title")
    session = call.slack.surfaces.sessions.get((channel.id, call.args.text("thread_ts")))
    if session is None:
        raise SlackError("session_not_found")
    session.title = title
    return {"title": title, "status": session.status}


def _session_channel(call: Call) -> Channel:
    channel = call.channel("channel_id")
    if call.bot.id not in channel.members:
        raise SlackError("not_authorized")
    return channel
