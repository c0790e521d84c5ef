// Settings as a form: sliders beside numbers, and values that are for the next answer alone.
import { say } from "../frame/language.js";
import { all, one, parse } from "./dom.js";

const keyOf = (place) => "overrides:" + place;
const placeOf = (pane) => one(".composer", pane)?.dataset.place ?? "";

export const overridesOf = (place) => JSON.parse(sessionStorage.getItem(keyOf(place)) ?? "{}");

/** Make a form of settings live. */
export function prepareSettings(section) {
  const form = one(".settings-form", section);
  for (const range of all('[type="range"]', form)) {
    const field = one(`#${range.dataset.for}`, form);
    range.addEventListener("input", () => (field.value = range.value));
    field.addEventListener("input", () => (range.value = field.value));
  }
  if (!form.dataset.turn) return;
  const kept = overridesOf(placeOf(section.closest(".main, .thread")));
  for (const [name, value] of Object.entries(kept)) if (form.elements[name]) form.elements[name].value = value;
}

/** Keep what is filled in for the next answer of this pane. */
export function keepForNext(form) {
  const pane = form.closest(".main, .thread");
  const given = [...new FormData(form)].filter(([name, value]) => value && !["csrf", "thread", "scope"].includes(name));
  sessionStorage.setItem(keyOf(placeOf(pane)), JSON.stringify(Object.fromEntries(given)));
  showNext(pane);
}

export function forgetNext(pane) {
  sessionStorage.removeItem(keyOf(placeOf(pane)));
  showNext(pane);
}

/** Say beside the composer what the next answer is given. */
export function showNext(pane) {
  const composer = one(".composer", pane);
  if (!composer) return;
  one(".next-answer", composer)?.remove();
  const given = Object.entries(overridesOf(composer.dataset.place));
  one('[name="overrides"]', composer).value = given.length ? JSON.stringify(Object.fromEntries(given)) : "";
  if (!given.length) return;
  const line = parse('<p class="next-answer"><span></span> <b></b> <button type="button" class="quiet"></button></p>').firstElementChild;
  one("span", line).textContent = say("For the next answer:");
  one("button", line).textContent = say("Forget");
  one("b", line).textContent = given.map(([name, value]) => `${name} ${value}`).join(", ");
  one("button", line).addEventListener("click", () => forgetNext(pane));
  one(".box", composer).before(line);
}

/** Show the question of an answer as requests to the API. */
export async function showExamples(message) {
  const place = one(".chat").dataset.path.slice(2);
  const response = await fetch(`/copy${place}/${encodeURIComponent(message.dataset.id)}`);
  if (!response.ok) return (await response.text()).trim();
  const { examples } = await response.json();
  const dialog = one("#copy-as");
  const tabs = one(".tabs", dialog);
  const choose = (index) => {
    one("pre", dialog).textContent = examples[index].text;
    all("button", tabs).forEach((tab, number) => {
      tab.setAttribute("aria-selected", String(number === index));
      tab.tabIndex = number === index ? 0 : -1;
    });
  };
  tabs.replaceChildren(
    ...examples.map(({ name }, index) => {
      const tab = parse('<button type="button" role="tab"></button>').firstElementChild;
      tab.textContent = name;
      tab.addEventListener("click", () => choose(index));
      return tab;
    }),
  );
  tabs.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    const at = all("button", tabs).findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    const next = (at + by + examples.length) % examples.length;
    choose(next);
    all("button", tabs)[next].focus();
  };
  choose(0);
  dialog.showModal();
  return "";
}
