// The chart of what a conversation sent to the model: its bars are read with a pointer, or with the arrow keys.
import { all, one } from "./dom.js";

const KEYS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

/** Make a panel live. */
export function prepareContext(panel) {
  const bars = all(".request", panel);
  const tips = all(".tip", panel);
  let [hovered, focused] = [-1, -1];
  const show = () => {
    const active = hovered >= 0 ? hovered : focused;
    bars.forEach((bar, index) => bar.classList.toggle("active", index === active));
    tips.forEach((tip, index) => {
      tip.hidden = index !== active;
      tip.style.left = bars[index].dataset.center + "%";
      tip.style.transform = `translateX(-${bars[index].dataset.center}%)`;
    });
  };
  const go = (index) => {
    bars.forEach((bar, number) => bar.setAttribute("tabindex", number === index ? 0 : -1));
    bars[index].focus();
  };
  bars.forEach((bar, index) => {
    bar.addEventListener("focus", () => ([focused] = [index]) && show());
    bar.addEventListener("blur", () => ([focused] = [-1]) && show());
    bar.addEventListener("click", () => go(index));
    bar.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") [hovered] = [index];
      show();
    });
  });
  one("svg[role=group]", panel)?.addEventListener("pointerleave", () => ([hovered] = [-1]) && show());
  one("figure", panel)?.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = bars.findIndex((bar) => bar.getAttribute("tabindex") === "0");
    go(Math.min(Math.max(at + by, 0), bars.length - 1));
  });
  const button = one(".as-table", panel);
  button?.addEventListener("click", () => {
    const isTable = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(isTable));
    one("figure", panel).hidden = isTable;
    one(".context-table", panel).hidden = !isTable;
  });
}
