"""A stand-in for Slack, for tests and demonstrations: Web API, Socket Mode, Events API, and people who use it.

Every request is valid or refused as Slack would. What Slack does not publish is assumed and listed in the README.
"""

from tests.emulators.slack.options import Options
from tests.emulators.slack.server import RunningSlack, running_slack
from tests.emulators.slack.world import Channel, File, Message, Person, Workspace

__all__ = ["Channel", "File", "Message", "Options", "Person", "RunningSlack", "Workspace", "running_slack"]
