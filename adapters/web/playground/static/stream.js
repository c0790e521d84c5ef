// What the server tells while the page is open: messages as a whole, and answers that grow by what is new of them.
import { say } from "../frame/language.js";
import { build, forgetAnswers, grow, isOpen, take } from "./answers.js";
import { all, localize, morphNode, one } from "./dom.js";
import { arrange, insert } from "./list.js";
import { noteUnread } from "./tools.js";

const QUIET_MS = 2500;
const HIDDEN_MS = 10_000; // browsers open six connections to a server: tabs that nobody looks at give theirs back

let source = null;
let position = "";
let onReset = () => {};
let warning = 0;
let leaving = 0;

/** Listen to what the page shows; `read` is the position at which it was read from the server.
 *
 * What was heard before may have been for another thread, so of two positions the earlier one counts.
 */
export function listen(reset, read = position) {
  const chat = one(".chat");
  onReset = reset;
  position = String(Math.min(Number(position || read), Number(read)));
  source?.close();
  clearTimeout(warning);
  if (document.hidden) leaveSoon();
  forgetAnswers();
  const query = new URLSearchParams({ thread: chat.dataset.thread, after: position });
  source = new EventSource("/events" + chat.dataset.path.slice(2) + "?" + query);
  for (const [kind, taken] of Object.entries(TAKERS)) {
    source.addEventListener(kind, (event) => {
      if (event.lastEventId) position = event.lastEventId;
      taken(JSON.parse(event.data));
    });
  }
  source.onopen = () => tellTrouble("");
  source.onerror = () => {
    tellTrouble(say("The connection is lost. What you write is kept; it goes on by itself."));
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(onReset), QUIET_MS);
  };
}

function leaveSoon() {
  clearTimeout(leaving);
  leaving = setTimeout(() => source?.close(), HIDDEN_MS);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) leaveSoon();
  else if (source?.readyState === EventSource.CLOSED) listen(onReset);
});

function tellTrouble(text) {
  clearTimeout(warning);
  const line = one(".trouble[role=status]");
  if (!text) line.hidden = true;
  else warning = setTimeout(() => Object.assign(line, { textContent: text, hidden: false }), QUIET_MS);
}

const TAKERS = {
  here() {},
  reset() {
    position = ""; // what the page is read at counts from now on
    onReset(true);
  },
  place({ channel }) {
    onReset(channel === one(".chat").dataset.place || channel.endsWith("/"));
  },
  unread({ channel }) {
    if (channel !== one(".chat").dataset.place) noteUnread(channel);
  },
  gone({ id }) {
    all(`.message[data-id="${CSS.escape(id)}"]`).forEach((message) => message.remove());
    all(".scroller").forEach(arrange);
  },
  message(event) {
    take(event);
    for (const scroller of listsOf(event)) put(scroller, event);
    showAnswering();
  },
  patch(event) {
    for (const message of grow(event)) setStatus(message, event.status);
    showAnswering();
  },
};

/** The lists that a message stands in; the root of the open thread stands in both. */
function listsOf({ id, thread }) {
  const open = one(".chat").dataset.thread;
  const lists = [];
  if (!thread) lists.push(one('.scroller[data-list="channel"]'));
  if (open && (thread === open || (!thread && id === open))) lists.push(one('.scroller[data-list="thread"]'));
  return lists.filter(Boolean);
}

function put(scroller, event) {
  const message = build(event);
  localize(message);
  own(message);
  const current = one(`.message[data-id="${CSS.escape(event.id)}"]`, scroller);
  if (!current) {
    if (event.id === one(".chat").dataset.thread && scroller.dataset.list === "thread") return;
    if (insert(scroller, message) && event.status && !isOpen(event.status)) announce(message);
    return;
  }
  if (current.closest(".root")) {
    const count = one(".thread-count", scroller);
    const replies = one(".replies", message);
    if (replies) count.firstElementChild.textContent = replies.firstChild.textContent.trim();
    count.hidden = !replies;
    replies?.remove();
    one(".reply-in-thread", message)?.remove();
  }
  const ended = isOpen(current.dataset.status) && !isOpen(event.status);
  for (const name of ["active", "compact"]) message.classList.toggle(name, current.classList.contains(name));
  morphNode(current, message);
  if (ended) announce(current);
}

/** Give a message of one's own the buttons that only its author has. */
function own(message) {
  const template = one("#own-tools");
  if (!template || message.dataset.author !== one(".chat").dataset.me || message.dataset.deleted) return;
  const tools = template.content.cloneNode(true);
  const query = "?" + new URLSearchParams({ id: message.dataset.id, thread: message.dataset.thread });
  const { path } = one(".chat").dataset;
  for (const button of all("button[data-act]", tools)) button.setAttribute("formaction", `${path}/${button.dataset.act}${query}`);
  one(".tools-of", message).append(tools);
}

function setStatus(message, status) {
  const ended = isOpen(message.dataset.status) && !isOpen(status);
  message.dataset.status = status;
  message.classList.toggle("failed", status === "failed");
  one(".body", message).toggleAttribute("aria-busy", isOpen(status));
  if (ended) announce(message);
}

function announce(message) {
  const text = one(".body", message).textContent.slice(0, 500);
  const status = one(".status", message)?.textContent ?? "";
  one("#spoken").textContent = `${message.dataset.name}: ${status} ${text}`;
  document.dispatchEvent(new CustomEvent("seedling:answered", { detail: message.dataset.thread }));
}

/** Offer Stop where an answer is being written. */
export function showAnswering() {
  for (const pane of all(".main, .thread")) {
    const stop = one(".composer .stop", pane);
    if (stop) stop.hidden = !all(".message[data-status]", pane).some((each) => isOpen(each.dataset.status));
  }
}
