"""Say who may use the bot, who manages it, and who may change what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.access.control import AccessControl
from bot.access.roles import HOLDERS, ROLE_WORDS, Role
from bot.access.rule_text import place_text, rule_text, subject_text
from bot.access.rule_words import GRAMMAR, ChangeRole, DropRule, ShowRules, read_request
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command, commands_by_spelling
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.parameters import find
from bot.ports import AccessStore
from bot.turns.effects import AddRule, Effect, RemoveRule, SetChangeRole, telling
from bot.types import AccessRule, ConversationKey, Incoming, NewRule, PlaceKind, RuleKind, Subject, SubjectKind

EXAMPLES: Final = gettext_noop(
    "As in: deny guests | allow @team channel | manager @Ada | setting persona everyone | show"
)
WHAT: Final = gettext_noop("`/access show` shows the numbers.")
DEFAULTS: Final = gettext_noop(
    "Where no rule speaks, I am open to the people of the workspace, to people of other organisations and to bots if "
    "the settings `strangers` and `bots` say so, and outside of workspaces to people who share one with me. "
    "A denial wins over what is allowed at the same place, a narrower place wins over a wider one, and administrators "
    "always may."
)
NO_DIRECT: Final = gettext_noop(
    "Direct messages belong to no workspace on this platform, so whoever runs me opens and closes them on the command "
    "line, with `seedling access`."
)
EVERYBODY: Final = Subject(kind=SubjectKind.EVERYBODY)
_NAMED: Final = frozenset({SubjectKind.PERSON, SubjectKind.GROUP})


async def _access(call: Call) -> Effect[Any]:
    call.require("workspace", gettext("see and change who may use me."))
    return await decide(call.arguments, call.incoming, call.services.store, call.services.access)


async def decide(words: str, incoming: Incoming, store: AccessStore, access: AccessControl) -> Effect[Any]:
    """Return what shows or changes the rules of a workspace, or of the whole installation. Raises `InvalidInput`."""
    key = incoming.key
    workspace = key.workspace_key if key.workspace else ""
    match read_request(words, incoming):
        case ShowRules():
            return telling(await _listed(key, workspace, store, access))
        case DropRule(id=id):
            return await _remove(id, workspace, store)
        case ChangeRole(name=name, word=word):
            return _open(name, word, workspace)
        case NewRule() as rule:
            return await _add(rule, key, store, access)


async def _add(rule: NewRule, key: ConversationKey, store: AccessStore, access: AccessControl) -> Effect[AccessRule]:
    if rule.place.kind is PlaceKind.DIRECT and key.workspace and access.is_direct_apart(key.platform):
        raise InvalidInput(gettext(NO_DIRECT))
    name = await name_of(rule.subject, key, access)
    hint = await _hint(rule, store)
    return Effect(
        change=AddRule(rule=rule),
        tell=lambda kept: gettext("Rule {id}: {rule_text}.{hint}").format(
            id=kept.id, rule_text=rule_text(rule, name), hint=hint
        ),
    )


async def name_of(subject: Subject, key: ConversationKey, access: AccessControl) -> str:
    """Return the name of somebody or a group, "" for those without one. Raises `InvalidInput` for nobody known."""
    if subject.kind not in _NAMED:
        return ""
    name = await access.subject_name(key, subject)
    if name is None:
        raise InvalidInput(
            gettext(
                "There is nobody and no group with the id `{id}` here. Choose the name from the list that "
                "opens when you type @."
            ).format(id=subject.id)
        )
    return name


async def _hint(rule: NewRule, store: AccessStore) -> str:
    """Return that a rule which allows something is without effect, where a denial at the same place wins over it."""
    if rule.kind is not RuleKind.ALLOW:
        return ""
    wins = [
        item
        for item in await store.rules_within(rule.place.key)
        if item.place == rule.place and item.kind is RuleKind.DENY and item.subject in {rule.subject, EVERYBODY}
    ]
    if not wins:
        return ""
    return gettext(
        " It has no effect yet: rule {id} denies that at the same place, and a denial wins. Remove "
        "that one, or allow them at a narrower place."
    ).format(id=wins[0].id)


async def _remove(id: int, workspace: str, store: AccessStore) -> Effect[AccessRule | None]:
    if id not in {rule.id for rule in await store.rules_within(workspace)}:
        raise InvalidInput(gettext("There is no rule {id} here. {what}").format(id=id, what=gettext(WHAT)))
    return Effect(
        change=RemoveRule(id=id),
        tell=lambda rule: (
            gettext("Removed: {rule_text}.").format(rule_text=rule_text(rule))
            if rule
            else gettext("Rule {id} was gone already.").format(id=id)
        ),
    )


def _open(name: str, word: str | None, workspace: str) -> Effect[str | None]:
    if not workspace:
        raise InvalidInput(gettext("Say for which workspace with --at PLATFORM/WORKSPACE, as the log names it."))
    command = commands_by_spelling().get(name.lower())
    named = command.name if command is not None and "channel" in command.roles else find(name).name
    tell = gettext("Who may change **{named}** in channels and threads is as it was at first.").format(named=named)
    if word is not None:
        tell = gettext("**{named}** can now be changed in channels and threads by {item}.").format(
            named=named, item=gettext(HOLDERS[ROLE_WORDS[word]])
        )
    return Effect(change=SetChangeRole(workspace=workspace, name=named, word=word), tell=lambda _: tell)


# ---------------------------------------------------------------- what is shown


async def _listed(key: ConversationKey, workspace: str, store: AccessStore, access: AccessControl) -> str:
    rules = await _all_rules(key, workspace, store)
    lines = [await _line(rule, key, access) for rule in rules] or [gettext("There are no rules yet.")]
    if workspace and (opened := await store.roles_in(workspace)):
        lines += [
            "",
            *(
                gettext("- **{name}** can be changed by {item}").format(
                    name=name, item=gettext(HOLDERS[ROLE_WORDS[word]])
                )
                for name, word in _known(opened)
            ),
        ]
    return "\n".join((*lines, "", gettext(DEFAULTS)))


async def _all_rules(key: ConversationKey, workspace: str, store: AccessStore) -> Sequence[AccessRule]:
    """Return the rules of a workspace and its channels, and those of wider places that hold there."""
    found = [*await store.rules_within(workspace), *await store.rules_for(key)]
    return [rule for _, rule in sorted({rule.id: rule for rule in found}.items())]


async def _line(rule: AccessRule, key: ConversationKey, access: AccessControl) -> str:
    if rule.broken:
        where = place_text(rule.place)
        return gettext(
            "- **{id}**: cannot be read, so it denies everybody {where}. Remove it: `/access remove {id}`"
        ).format(id=rule.id, where=where)
    name = await access.subject_name(key, rule.subject) if rule.subject.kind in _NAMED else ""
    if name is None:
        gone = gettext("{subject_text} is not there any more; remove it: `/access remove {id}`").format(
            subject_text=subject_text(rule.subject), id=rule.id
        )
        return f"- **{rule.id}**: {rule_text(rule)} ({gone})"
    return f"- **{rule.id}**: {rule_text(rule, name)}"


def _known(opened: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, word if word in ROLE_WORDS else "admins") for name, word in opened.items()]


COMMAND: Final = Command(
    name="access",
    help=gettext_noop("Say who may use me where, who manages a channel, and who may change which setting."),
    group="administer",
    args=(
        Arg(
            name="words",
            kind="words",
            label=GRAMMAR,
            help=EXAMPLES,
            high=200,
            is_clear=lambda _: False,
        ),
    ),
    example="/access deny guests",
    roles={"workspace": Role.ADMINISTRATOR},
    elsewhere=gettext_noop("I am not a member here, so there is nothing to open or close."),
    handler=_access,
)
