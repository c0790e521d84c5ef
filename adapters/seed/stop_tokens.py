"""Drop the token that ends a turn in a model's own template, where a server that lacks it leaves the token in the text.

Only at the very end: an answer that speaks about such a token keeps it.
"""

from __future__ import annotations

TOKENS = ("<|im_end|>", "<|eot_id|>", "<|end|>", "<|return|>", "<|endoftext|>", "<end_of_turn>", "</s>")
LONGEST = max(map(len, TOKENS)) + 8  # with the blanks behind it
STRUCK = "<s>"  # of HTML, which a closing tag of the same name ends


class TrailingToken:
    """Holds back what may be such a token, however the text is cut into pieces; `held` is what it holds."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = ""

    def feed(self, piece: str) -> str:
        """Return what is surely text, now that `piece` came."""
        text = self.held + piece
        at = text.rfind("<")
        may_be = at >= 0 and len(text) - at <= LONGEST
        is_token = may_be and any(token.startswith(text[at:].rstrip()) for token in TOKENS)
        self.held = text[at:] if is_token else ""
        return text[:at] if is_token else text

    def end(self, said: str) -> str:
        """Return what was held back and is text after all, behind the text `said`."""
        held, self.held = self.held, ""
        token = held.rstrip()
        return "" if token in TOKENS and not (token == "</s>" and STRUCK in said) else held  # noqa: S105 (no password)
