"""Tell what somebody is and may in a workspace: their user groups, and the channels that they made."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.slack.api.directory import Member
from adapters.slack.api.workspace import SlackWorkspace
from bot.errors import PlatformRefused
from bot.types import AuthorKind, Incoming, Membership, Person, Subject, SubjectKind


async def membership(workspace: SlackWorkspace, asked: Incoming, *, groups: bool) -> Membership:
    """Return the groups of the author of `asked`, what they are, and whether they made the channel.

    Raises `PlatformError`.

    Slack tells who else manages a channel to Enterprise apps only.
    """
    person, channel = asked.author.id, asked.key.channel
    member = await workspace.directory.find(person)
    found = (await workspace.directory.groups()).values() if groups else ()
    creator = (await workspace.directory.place(channel)).creator if channel and not asked.is_direct else ""
    return Membership(
        groups=frozenset(group.id for group in found if person in group.members),
        manages_channel=creator == person,
        administers=member is not None and member.is_admin,
        author_kind=AuthorKind.EXTERNAL if member is None else kind_of(workspace, member),
    )


def kind_of(workspace: SlackWorkspace, member: Member, user_team: str = "") -> AuthorKind:
    """Return whether somebody belongs to the workspace, as a guest or not, or to an organisation that shares a channel
    with it. In an organisation of many workspaces Slack alone can tell whose another one is: in doubt somebody else's.
    """
    is_ours = user_team in {"", workspace.team} or (workspace.enterprise and member.is_told)
    if member.is_stranger or not is_ours:
        return AuthorKind.EXTERNAL
    if not member.is_told:
        return AuthorKind.UNTOLD
    return AuthorKind.GUEST if member.is_guest else AuthorKind.MEMBER


async def workspace_of(person: Person, workspaces: Sequence[SlackWorkspace]) -> SlackWorkspace:
    """Return the first of some workspaces that somebody is in. Raises `PlatformError`, where it is none as well."""
    for workspace in workspaces:
        if await workspace.directory.find(person.id) is not None:
            return workspace
    raise PlatformRefused(f"nobody is {person.id} in the workspaces of this app")


async def subject_name(workspace: SlackWorkspace, subject: Subject) -> str | None:
    """Return what people call somebody or a group, None where Slack knows none of that id. Raises `PlatformError`."""
    id = subject.id.partition("/")[2]
    if subject.kind is SubjectKind.PERSON:
        member = await workspace.directory.find(id)
        return None if member is None else member.name
    group = (await workspace.directory.groups()).get(id)
    return None if group is None else group.handle
