"""Write TeX as people read it where Unicode has the characters, for platforms that show no formulas. Pure."""

# ruff: noqa: RUF001, SIM905 - these are the characters that are meant, and lists of words

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_NAMES_AND_SYMBOLS: Final = (
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ "
    "mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ "
    "Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω ell ℓ hbar ℏ Re ℜ Im ℑ aleph ℵ partial ∂ nabla ∇ "
    "infty ∞ emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ "
    "supseteq ⊇ cup ∪ cap ∩ setminus ∖ times × cdot · div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ "
    "otimes ⊗ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ ll ≪ gg ≫ approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ propto ∝ to → "
    "rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ iff ⟺ "
    "mapsto ↦ longrightarrow ⟶ uparrow ↑ downarrow ↓ sum ∑ prod ∏ int ∫ iint ∬ oint ∮ lor ∨ vee ∨ land ∧ wedge ∧ "
    "lnot ¬ neg ¬ perp ⊥ parallel ∥ mid ∣ angle ∠ triangle △ degree ° prime ′ ldots … dots … cdots ⋯ vdots ⋮ "
    "langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ therefore ∴ because ∵ models ⊨ vdash ⊢ top ⊤ bot ⊥"
).split()
_SYMBOLS: Final = dict(zip(_NAMES_AND_SYMBOLS[::2], _NAMES_AND_SYMBOLS[1::2], strict=True))
_WORDS: Final = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim max min sup inf det dim ker gcd deg "
    "arg Pr mod".split()
)
_SPACES: Final = {",": " ", ";": " ", ":": " ", " ": " ", "!": "", "quad": "  ", "qquad": "   "}
_PLAIN_ARGUMENT: Final = frozenset(
    "text textbf textit textrm mathrm mathbf mathit mathsf mathtt operatorname boldsymbol mathcal mathbb".split()
)
_SIZES: Final = frozenset(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle limits nolimits".split()
)
_BLACKBOARD: Final = str.maketrans("RNZQCPEF", "ℝℕℤℚℂℙ𝔼𝔽")
_SUPERSCRIPTS: Final = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPTS: Final = str.maketrans("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_TOKEN: Final = re.compile(r"\\([a-zA-Z]+|.)|([{}^_&])|(\s++)|([^\\{}^_&\s])", re.DOTALL)
_LONGEST: Final = 400  # characters; a longer formula is easier to read as it was written
_DEEPEST: Final = 8
_SIMPLE: Final = re.compile(r"[^\W_]+|.", re.DOTALL)


_WRITTEN: Final[Mapping[str, str]] = {
    **_SYMBOLS,
    **_SPACES,
    **{name: name for name in (*_WORDS, *"{}%$#_&|")},
    **dict.fromkeys(_SIZES, ""),
}
"""What commands without arguments stand for."""


class _DifficultError(Exception):
    """Formula that Unicode has no form for."""


def readable_formula(tex: str) -> str | None:
    """Return a formula in Unicode, or None where that would be harder to read than TeX."""
    if len(tex) > _LONGEST:
        return None
    try:
        return " ".join(_Reader(tex).whole().split())
    except _DifficultError:
        return None


def superscript(text: str) -> str:
    """Return a text set high, as `^text` where there are no characters for it."""
    return _shifted(text, _SUPERSCRIPTS, "^")


def _shifted(text: str, table: dict[int, int], mark: str) -> str:
    if mark == "^" and text == "∘":
        return "°"
    if text and all(ord(item) in table for item in text):
        return text.translate(table)
    return f"{mark}{_grouped(text)}"


def _grouped(text: str) -> str:
    """Return a text in parentheses unless it is one word or one character."""
    return text if _SIMPLE.fullmatch(text) else f"({text})"


class _Reader:
    """One formula, read once from its beginning."""

    def __init__(self, tex: str) -> None:
        self._tokens: list[tuple[str | None, ...]] = [match.groups() for match in _TOKEN.finditer(tex)]
        self._at = 0
        self._depth = 0

    def whole(self) -> str:
        written = self._until_end()
        if self._at < len(self._tokens):
            raise _DifficultError
        return written

    def _until_end(self) -> str:
        """Return what stands up to the end, or up to a closing brace."""
        return "".join(self._parts())

    def _parts(self) -> Iterator[str]:
        while self._at < len(self._tokens) and self._tokens[self._at][1] != "}":
            yield self._part()

    def _part(self) -> str:
        command, mark, space, character = self._tokens[self._at]
        self._at += 1
        if command is not None:
            return self._command(command)
        if mark == "{":
            return self._group()
        if mark in {"^", "_"}:
            shifted = self._argument()
            return _shifted(shifted, _SUPERSCRIPTS if mark == "^" else _SUBSCRIPTS, mark)
        if mark is not None:
            raise _DifficultError
        return " " if space else character or ""

    def _group(self) -> str:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _DifficultError
        inner = self._until_end()
        if self._at >= len(self._tokens):
            raise _DifficultError
        self._at += 1
        self._depth -= 1
        return inner

    def _argument(self) -> str:
        while self._at < len(self._tokens) and self._tokens[self._at][2]:
            self._at += 1
        if self._at >= len(self._tokens) or self._tokens[self._at][1] not in {None, "{"}:
            raise _DifficultError
        return self._part().strip()

    def _command(self, name: str) -> str:
        if name in _WRITTEN:
            return str(_WRITTEN[name])
        if name in _PLAIN_ARGUMENT:
            inner = self._argument()
            return inner.translate(_BLACKBOARD) if name == "mathbb" else inner
        if name in {"frac", "dfrac", "tfrac"}:
            return f"{_grouped(self._argument())}/{_grouped(self._argument())}"
        if name == "sqrt":
            return f"√{_grouped(self._argument())}"
        raise _DifficultError
