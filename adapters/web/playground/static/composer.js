// Where people write: Enter sends, Shift+Enter makes a line, "/" and "@" complete.
import { all, fieldsOf, newToken, one, parse, post } from "./dom.js";
import { clearFiles, hasFiles, idsOf, isUploading, prepareFiles } from "./files.js";

const states = new WeakMap(); // what is known of each composer: its choices, and whether it waits

const areaOf = (form) => one("textarea", form);
const stateOf = (form) => states.get(form);
const keyOf = (form) => "draft:" + form.dataset.place;

/** Make a composer live: what is half written in each place survives a reload. */
export function prepare(form) {
  if (states.has(form)) return;
  states.set(form, { choices: [], chosen: 0, waiting: false });
  const area = areaOf(form);
  area.required = false;
  area.value ||= sessionStorage.getItem(keyOf(form)) ?? "";
  one('[name="token"]', form).value = newToken();
  area.addEventListener("input", () => changed(form));
  area.addEventListener("keydown", (event) => onKey(form, event));
  area.addEventListener("blur", () => offer(form, []));
  one(".slash", form).addEventListener("click", () => insert(form, "/"));
  prepareFiles(form, resize);
  resize(form);
}

/** Whether there is something to send, and all of it is there. */
const isReady = (form) => (areaOf(form).value.trim() || hasFiles(form)) && !isUploading(form) && !stateOf(form).waiting;

function changed(form) {
  one('[name="token"]', form).value = newToken();
  tell(form, "");
  save(form);
  resize(form);
  suggest(form);
}

function save(form) {
  const text = areaOf(form).value;
  if (text) sessionStorage.setItem(keyOf(form), text);
  else sessionStorage.removeItem(keyOf(form));
}

function resize(form) {
  const area = areaOf(form);
  area.style.height = "auto";
  area.style.height = Math.min(area.scrollHeight, window.innerHeight * 0.4) + "px";
  one(".send", form).disabled = !isReady(form);
}

export function insert(form, text) {
  const area = areaOf(form);
  area.value = text;
  area.focus();
  area.setSelectionRange(text.length, text.length);
  changed(form);
}

export function tell(form, text) {
  Object.assign(one(".composer-error", form), { textContent: text, hidden: !text });
}

// ---------------------------------------------------------------- completion

async function suggest(form) {
  const area = areaOf(form);
  const text = area.value;
  const atEnd = area.selectionStart === text.length;
  if (!atEnd || !/^[/!]|(^|\s)@\w*$/.test(text) || text.includes("\n")) return offer(form, []);
  offer(form, fitting(stateOf(form).choices, text)); // what no longer fits can be taken no more
  const path = one(".chat").dataset.path.slice(2);
  const response = await fetch(`/complete${path}?` + new URLSearchParams({ text })).catch(() => null);
  if (!response?.ok || area.value !== text) return;
  const { choices } = await response.json();
  if (area.value === text) offer(form, fitting(choices, text));
}

/** The choices that go on with a text. */
const fitting = (choices, text) =>
  choices.filter(({ insert }) => insert.toLowerCase().startsWith(text.toLowerCase()) && insert.trimEnd() !== text);

function offer(form, choices) {
  const state = stateOf(form);
  const list = one(".choices", form);
  const area = areaOf(form);
  const taken = state.chosen > 0 ? state.choices[state.chosen]?.insert : ""; // chosen by somebody, before these came
  const chosen = Math.max(0, choices.findIndex((choice) => choice.insert === taken));
  Object.assign(state, { choices, chosen });
  list.replaceChildren(
    ...choices.map((choice, index) => {
      const item = parse('<li role="option"><b></b><span></span></li>').firstElementChild;
      item.id = list.id + index;
      one("b", item).textContent = choice.label;
      one("span", item).textContent = choice.help;
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        insert(form, choice.insert);
      });
      item.addEventListener("mousemove", () => choose(form, index));
      return item;
    }),
  );
  list.hidden = !choices.length;
  area.setAttribute("aria-expanded", String(choices.length > 0));
  if (choices.length) choose(form, chosen);
  else area.removeAttribute("aria-activedescendant");
}

function choose(form, index) {
  const state = stateOf(form);
  const items = all(".choices > li", form);
  state.chosen = (index + items.length) % items.length;
  items.forEach((item, number) => item.setAttribute("aria-selected", String(number === state.chosen)));
  items[state.chosen].scrollIntoView({ block: "nearest" });
  areaOf(form).setAttribute("aria-activedescendant", items[state.chosen].id);
}

function onKey(form, event) {
  if (event.isComposing) return;
  if (stateOf(form).choices.length && onChoiceKey(form, event)) {
    event.preventDefault();
    event.stopPropagation();
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    if (isReady(form)) form.requestSubmit(one(".send", form));
  }
}

function onChoiceKey(form, event) {
  const { choices, chosen } = stateOf(form);
  if (event.key === "ArrowDown") choose(form, chosen + 1);
  else if (event.key === "ArrowUp") choose(form, chosen - 1);
  else if (event.key === "Escape") offer(form, []);
  else if ((event.key === "Tab" || event.key === "Enter") && !event.shiftKey) insert(form, choices[chosen].insert);
  else return false;
  return true;
}

// ---------------------------------------------------------------- sending

/** Send what is written; what the server says, or null when there was nothing to send. */
export async function send(form) {
  const area = areaOf(form);
  const state = stateOf(form);
  if (!isReady(form)) return null;
  one('[name="files"]', form).value = idsOf(form);
  state.waiting = area.readOnly = true;
  tell(form, "");
  offer(form, []);
  const answer = await post(form.action, fieldsOf(form));
  state.waiting = area.readOnly = false;
  if (answer.error) tell(form, answer.error);
  else if (!answer.kept) {
    area.value = "";
    clearFiles(form);
    one('[name="token"]', form).value = newToken();
    save(form);
  }
  resize(form);
  return answer;
}
