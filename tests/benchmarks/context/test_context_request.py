from benchmarks.context_request import example, request_text


async def test_a_whole_request_reads_as_a_conversation() -> None:
    text = request_text(await example())
    assert text.startswith("--- system, 1,")
    assert '- Channel: "#greenhouse"' in text
    assert "[Fri 2026-11-27 15:30 IST] Grace: How long does an impeller last?\n(Search the web" in text
    assert text.index("[the maker says]") < text.index("\n[sources of the answer above]\n1. How long impellers last <")
    assert text.splitlines()[-1].startswith("[Fri 2026-11-27 11:00 GMT] Ada: Which source said that")
