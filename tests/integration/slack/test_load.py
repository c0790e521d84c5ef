"""Sixty questions at once, in a minute of Slack's limits that is shorter than a minute."""

from __future__ import annotations

from benchmarks.slack_load import Load, measure, report


async def test_sixty_answers_at_once_are_all_whole_and_within_every_limit() -> None:
    slack, answers = await measure(Load(minute=6.0, model_seconds=2.0, patience=90.0))
    table = report(slack, answers, seconds=0.0)
    assert all(answer.whole is not None for answer in answers), table
    assert all(use.refused == 0 for use in slack.uses), table
    assert all(use.busiest_minute <= use.allowed for use in slack.uses), table
    assert slack.violations == []
    assert all(len(slack.answers(answer.question.channel, answer.question.ts)) == 1 for answer in answers)
