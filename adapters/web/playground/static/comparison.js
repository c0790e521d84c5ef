// Two answers beside each other: each grows by what is new of it, as in the chat.
import { say } from "../frame/language.js";
import { build, grow, isOpen, take } from "./answers.js";
import { all, localize, morphNode, one } from "./dom.js";

const QUIET_MS = 2500;
const page = one(".comparison");

/** Listen to the thread of a side until its answer is complete. */
function listen(side) {
  const { thread } = side.dataset;
  const source = new EventSource(`${page.dataset.events}?${new URLSearchParams({ thread, after: page.dataset.position })}`);
  const on = (kind, taken) => source.addEventListener(kind, (event) => taken(JSON.parse(event.data)));
  on("message", (event) => {
    if (event.thread === thread && event.status) show(side, source, event);
  });
  on("patch", (event) => {
    for (const message of grow(event)) if (side.contains(message)) note(side, source, message, event.status);
  });
  for (const kind of ["gone", "reset"]) source.addEventListener(kind, () => location.reload());
  source.onopen = () => tell(side, "waits");
  source.onerror = () => {
    tell(side, "lost");
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(side), QUIET_MS);
  };
}

/** Show the whole of an answer; what else people write in the thread is not compared. */
function show(side, source, event) {
  const current = one(".message", side);
  if (current && current.dataset.id !== event.id) return;
  take(event);
  const message = build(event);
  localize(message);
  if (current) morphNode(current, message);
  else one(".state", side).after(message);
  if (!current) settle(side);
  note(side, source, one(".message", side), event.status);
}

function note(side, source, message, status) {
  message.dataset.status = status;
  one(".body", message).toggleAttribute("aria-busy", isOpen(status));
  if (isOpen(status) || !side.dataset.open) return;
  source.close();
  delete side.dataset.open;
  tell(side, "done");
  settle(side);
}

const tell = (side, what) => {
  const state = one(".state", side);
  const text = what === "lost" ? say("The connection is lost. It goes on by itself.") : state.dataset[what];
  if (state.textContent !== text) state.textContent = text; // it is read out where it changes
};

/** Show the settings of a side, which are known with its answer. */
async function settle(side) {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok) return;
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  morphNode(one(".with", side), one(`#${side.id} .with`, next));
}

document.documentElement.classList.add("js");
localize(page);
all(".side[data-open]").forEach(listen);
