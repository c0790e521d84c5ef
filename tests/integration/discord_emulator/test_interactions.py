"""Commands, buttons, lists and forms."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands, ui

from tests.emulators.discord import CannotDo
from tests.integration.discord_emulator.bots import Bot, discord_, joined

Interaction = discord.Interaction[Any]
ANYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
ANYHOW = app_commands.AppInstallationType(guild=True, user=True)


def bot_with_commands(**options: Any) -> Bot:
    """A bot whose commands show every way of answering."""
    bot = Bot(**options)
    tree = bot.tree

    @tree.command(description="ask something")
    @app_commands.choices(depth=[app_commands.Choice(name="deep", value=3), app_commands.Choice(name="flat", value=1)])
    async def ask(
        interaction: Interaction,
        question: str,
        depth: int = 1,
        who: discord.User | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer()
        parts = [question, str(depth), who.name if who else "-", (await file.read()).decode() if file else "-"]
        await interaction.edit_original_response(content=" ".join(parts))

    @tree.command(description="answer at once, for one only")
    async def secret(interaction: Interaction) -> None:
        await interaction.response.send_message("just for you", ephemeral=True)
        await interaction.followup.send("more", ephemeral=True)

    @tree.command(description="defer, then follow up")
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.allowed_installs(guilds=True, users=True)
    async def talk(interaction: Interaction, times: app_commands.Range[int, 0, 9] = 1) -> None:
        await interaction.response.defer()
        for number in range(times):
            await interaction.followup.send(f"part {number}", wait=True)

    @tree.context_menu(name="Ask about this")
    async def about(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"about {message.content!r}")

    @tree.context_menu(name="Greet")
    async def greet(interaction: Interaction, user: discord.Member) -> None:
        await interaction.response.send_message(f"hello {user.name}")

    settings = app_commands.Group(name="settings", description="what can be set")

    @settings.command(name="show", description="show one")
    async def show(interaction: Interaction, name: str) -> None:
        await interaction.response.send_message(f"{name} in {interaction.locale}")

    @show.autocomplete("name")
    async def names(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=one, value=one) for one in ("depth", "detail") if one.startswith(typed)]

    tree.add_command(settings)
    return bot


async def test_a_command_is_written_offered_and_answered() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here, bot_with_commands()) as bot:
            with pytest.raises(CannotDo):
                here.slash(anna, general, "ask", {"question": "why"})
            written = await bot.tree.sync()
            assert {item.name for item in written} == {command.name for command in await bot.tree.fetch_commands()}
            options = {"question": "why", "depth": 3, "who": anna, "file": ("a.txt", b"text")}
            asked = await here.slash(anna, general, "ask", options).shown()
            assert asked.original
            assert asked.original.content == "why 3 anna text"
            await bot.until(lambda: bot.messages)
            assert bot.messages[0].interaction_metadata is not None
        assert here.command_writes == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("ask", {}, id="required"),
        pytest.param("ask", {"question": "why", "depth": 2}, id="not-a-choice"),
        pytest.param("talk", {"times": 10}, id="out-of-range"),
        pytest.param("talk", {"times": "3"}, id="wrong-type"),
        pytest.param("talk", {"loudly": True}, id="unknown-option"),
        pytest.param("settings", {}, id="without-its-part"),
        pytest.param("nothing", {}, id="unknown-command"),
    ],
)
async def test_what_a_client_does_not_let_through_cannot_be_done(name: str, options: dict[str, Any]) -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here, bot_with_commands()) as bot:
            await bot.tree.sync()
            with pytest.raises(CannotDo):
                here.slash(anna, general, name, options)


async def test_ephemeral_answers_are_seen_by_one_person_and_no_gateway() -> None:
    async with discord_() as here:
        anna, ben = here.person("anna"), here.person("ben")
        general = here.channel(here.guild("home", anna, ben), "general")
        async with joined(here, bot_with_commands()) as bot:
            await bot.tree.sync()
            asked = await here.slash(anna, general, "secret").shown()
            await here.until(lambda: asked.followups)
            here.say(ben, general, "what was that?")
            await bot.until(lambda: bot.messages)
            assert bot.heard == ["what was that?"]
            assert [message.content async for message in bot.channel(general).history()] == ["what was that?"]
        assert here.transcript(general, viewer=anna).texts == ["just for you", "more", "what was that?"]
        assert here.transcript(general, viewer=ben).texts == ["what was that?"]


async def test_the_first_followup_takes_the_place_of_thinking() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here, bot_with_commands()) as bot:
            await bot.tree.sync()
            asked = await here.slash(anna, general, "talk", {"times": 0}).acknowledged()
            assert here.transcript(general).messages[0].thinking
            asked = here.slash(anna, general, "talk", {"times": 2})
            await here.until(lambda: asked.followups)
            assert here.transcript(general).texts == ["", "part 0", "part 1"]
            assert not here.transcript(general).messages[1].thinking


async def test_context_menus_know_their_target() -> None:
    async with discord_() as here:
        anna, ben = here.person("anna"), here.person("ben")
        general = here.channel(here.guild("home", anna, ben), "general")
        async with joined(here, bot_with_commands()) as bot:
            await bot.tree.sync()
            said = here.say(ben, general, "the sky is green")
            await here.context_menu(anna, "Ask about this", said).shown()
            await here.context_menu(anna, "Greet", ben, general).shown()
        assert here.transcript(general).texts[1:] == ["about 'the sky is green'", "hello ben"]


async def test_options_complete_and_parts_of_commands_are_reached() -> None:
    async with discord_() as here:
        anna = here.person("anna", locale="de")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here, bot_with_commands()) as bot:
            await bot.tree.sync()
            typed = await here.autocomplete(anna, general, "settings show", "name", "det").shown()
            assert [choice["value"] for choice in typed.choices] == ["detail"]
            await here.slash(anna, general, "settings show", {"name": "detail"}).shown()
        assert here.transcript(general).texts == ["detail in de"]


async def test_a_late_first_answer_finds_an_unknown_interaction() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        bot = Bot()
        codes: list[int] = []

        @bot.tree.command(description="too slow")
        async def slow(interaction: Interaction) -> None:
            here.clock.advance(3.5)
            try:
                await interaction.response.defer()
            except discord.NotFound as error:
                codes.append(error.code)

        async with joined(here, bot):
            await bot.tree.sync()
            asked = here.slash(anna, general, "slow")
            await here.until(lambda: codes)
            assert codes == [10062]
            assert asked.failed(here.clock.time())
            assert here.transcript(general).messages == []


async def test_an_interaction_is_acknowledged_once_and_open_for_fifteen_minutes() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        bot = Bot()
        held: list[Interaction] = []

        @bot.tree.command(description="keep it")
        async def keep(interaction: Interaction) -> None:
            await interaction.response.defer()
            held.append(interaction)

        async with joined(here, bot):
            await bot.tree.sync()
            here.slash(anna, general, "keep")
            await here.until(lambda: held)
            [interaction] = held
            interaction.response._response_type = None
            with pytest.raises(discord.HTTPException) as again:
                await interaction.response.send_message("twice")
            assert again.value.code == 40060
            here.clock.advance(14 * 60)
            await interaction.edit_original_response(content="just in time")
            here.clock.advance(61)
            with pytest.raises(discord.HTTPException) as late:
                await interaction.edit_original_response(content="too late")
            assert (late.value.status, late.value.code) == (401, 50027)
        assert here.transcript(general).texts == ["just in time"]


class Panel(ui.LayoutView):
    """Components of the second kind."""

    text = ui.TextDisplay[Any]("# Settings")
    row = ui.ActionRow[Any]()

    @row.select(custom_id="depth", options=[discord.SelectOption(label="deep"), discord.SelectOption(label="flat")])
    async def depth(self, interaction: Interaction, chosen: ui.Select[Any]) -> None:
        """Show what was chosen."""
        await interaction.response.edit_message(view=Panel.with_text(f"# {chosen.values[0]}"))

    @classmethod
    def with_text(cls, text: str) -> Panel:
        """The panel with another text."""
        panel = cls(timeout=None)
        panel.text.content = text
        return panel


class Form(ui.Modal, title="Numbers"):
    """A form with a text and a list."""

    name = ui.Label[Any](text="Name", component=ui.TextInput[Any](custom_id="name", max_length=5))
    kind = ui.Label[Any](
        text="Kind",
        component=ui.Select[Any](custom_id="kind", options=[discord.SelectOption(label="a")], required=False),
    )

    async def on_submit(self, interaction: Interaction) -> None:
        """Say what came."""
        assert isinstance(self.name.component, ui.TextInput)
        assert isinstance(self.kind.component, ui.Select)
        await interaction.response.send_message(f"{self.name.component.value} {self.kind.component.values}")


async def test_buttons_and_forms_go_round() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:

            async def press(interaction: Interaction) -> None:
                if interaction.data and interaction.data.get("custom_id") == "open":
                    await interaction.response.send_modal(Form())

            bot.pressed = press
            view = ui.View(timeout=None)
            view.add_item(ui.Button(label="Open", custom_id="open"))
            view.add_item(ui.Button(label="Off", custom_id="off", disabled=True))
            view.add_item(ui.Button(label="Away", url="https://example.org"))
            await bot.channel(general).send("press", view=view)
            [message] = general.shown()
            for name in ("Off", "Away", "Nothing"):
                with pytest.raises(CannotDo):
                    here.press(anna, message, name)
            opened = await here.press(anna, message, "Open").shown()
            assert opened.modal
            assert opened.modal["title"] == "Numbers"
            for values in ({}, {"name": "too long"}, {"name": "x", "kind": ["b"]}, {"name": "x", "other": "y"}):
                with pytest.raises(CannotDo):
                    here.submit_modal(anna, opened, values)
            await here.submit_modal(anna, opened, {"name": "bo", "kind": ["a"]}).shown()
        assert here.transcript(general).texts[1:] == ["bo ['a']"]
        assert here.transcript(general).messages[0].labels == ["Open", "Off", "Away"]


async def test_a_panel_of_the_second_kind_changes_when_something_is_chosen() -> None:
    async with discord_() as here:
        anna, ben = here.person("anna"), here.person("ben")
        general = here.channel(here.guild("home", anna, ben), "general")
        async with joined(here) as bot:
            await bot.channel(general).send(view=Panel(timeout=None))
            [message] = general.shown()
            assert here.transcript(general).texts == ["# Settings"]
            with pytest.raises(CannotDo):
                here.select(anna, message, "depth", ["other"])
            await here.select(anna, message, "depth", ["deep"]).shown()
            assert here.transcript(general).texts == ["# deep"]
            assert here.transcript(general).messages[0].edits == 1


@pytest.mark.parametrize("place", ["dm of two people", "group", "server without the bot", "dm with the bot"])
async def test_a_command_that_a_person_installed_works_everywhere(place: str) -> None:
    async with discord_() as here:
        anna, ben = here.person("anna", installed=True), here.person("ben")
        places = {
            "dm of two people": here.private_channel(anna, ben),
            "group": here.private_channel(anna, ben, here.person("cy")),
            "server without the bot": here.channel(here.guild("foreign", anna, ben, bot=False), "general"),
            "dm with the bot": here.dm(anna),
        }
        there = places[place]
        async with joined(here, bot_with_commands()) as bot:
            await bot.tree.sync()
            with pytest.raises(CannotDo):
                here.slash(ben, there, "talk")
            asked = here.slash(anna, there, "talk", {"times": 9})
            limited = place != "dm with the bot"
            await here.until(lambda: len(asked.followups) == (5 if limited else 8))
            await here.until(lambda: len(here.requests_to("POST", "/webhooks/{webhook_id}/{webhook_token}")) >= 7)
            with pytest.raises(CannotDo):
                here.slash(anna, there, "settings show", {"name": "depth"}) if limited else here.slash(
                    anna, there, "none"
                )
            heard = [message for message in bot.messages if message.content]
            assert bool(heard) != limited
