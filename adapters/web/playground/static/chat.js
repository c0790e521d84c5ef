// The page with scripts: links and forms work without a reload, and what happens is shown as it happens.
import { prepare, send } from "./composer.js";
import { prepareContext } from "./context.js";
import { all, copyBy, fieldsOf, focusOn, localize, morphNode, one, parse, post, remember } from "./dom.js";
import { load, refill, showWhole, toEnd, watch } from "./list.js";
import { listen, showAnswering } from "./stream.js";

document.documentElement.classList.add("js");
let going = 0;

// ---------------------------------------------------------------- the page as it stands

function start() {
  const chat = one(".chat");
  localize(chat);
  all(".scroller", chat).forEach(watch);
  all(".composer", chat).forEach(prepare);
  all(".context:not([data-live])", chat).forEach((panel) => {
    panel.dataset.live = "yes";
    prepareContext(panel);
  });
  showAnswering();
  remember("place", chat.dataset.place.split("/").map(encodeURIComponent).join("/"));
}

/** Show another address of the chat without loading a page; `fresh` reads the messages anew as well. */
async function go(address, { history = "push", fresh = false } = {}) {
  const turn = ++going;
  const response = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
  if (turn !== going) return false;
  const page = response?.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  if (turn !== going) return false;
  if (!page || !one(".chat", page)) {
    if (response) location.assign(address); // the sign-in, or a page that says what is wrong
    return false;
  }
  if (history === "push" && response.url !== location.href) window.history.pushState(null, "", response.url);
  document.title = page.title;
  const next = one(".chat", page);
  swap(one(".chat"), next, fresh);
  one("#act").replaceWith(one("#act", page));
  start();
  listen(onNews, next.dataset.position);
  return true;
}

/** Read the page anew, the messages as well where news are of this channel. */
const onNews = (isHere) => go(location.href, { history: "none", fresh: isHere });

function swap(chat, next, fresh) {
  localize(next);
  const moved = chat.dataset.place !== next.dataset.place;
  const isOther = moved || chat.dataset.thread !== next.dataset.thread;
  chat.classList.toggle("with-thread", next.classList.contains("with-thread"));
  chat.classList.toggle("is-direct", next.classList.contains("is-direct"));
  chat.classList.remove("with-drawer");
  for (const name of ["place", "path", "thread", "me"]) chat.dataset[name] = next.dataset[name];
  const unread = new Set(all(".channels a.unread").map((link) => link.dataset.channel));
  morphNode(one(".sidebar", chat), one(".sidebar", next));
  for (const link of all(".channels a")) if (unread.has(link.dataset.channel) && !link.hasAttribute("aria-current")) markUnread(link);
  swapPane(one(".main", chat), one(".main", next), moved, fresh);
  const [pane, other] = [one(".thread", chat), one(".thread", next)];
  if (pane && other) swapPane(pane, other, isOther, fresh);
  else if (pane) pane.remove();
  else if (other) one(".main", chat).after(other);
  all(".main .message.active", chat).forEach((message) => message.classList.remove("active"));
  if (next.dataset.thread) one(`.main .message[data-id="${CSS.escape(next.dataset.thread)}"]`, chat)?.classList.add("active");
}

function markUnread(link) {
  link.classList.add("unread");
  link.append(parse('<span class="dot"><span class="sr-only">new messages</span></span>'));
}

/** Keep what is being written and read, where the place is the same. */
function swapPane(pane, next, isOther, fresh) {
  if (isOther) {
    pane.replaceWith(next);
    return;
  }
  const [panel, other] = [one(":scope > .context", pane), one(":scope > .context", next)];
  if (panel && other) panel.replaceWith(other);
  else if (panel) panel.remove();
  else if (other) one(":scope > .list-frame", pane).before(other);
  const [button, its] = [one(".open-context", pane), one(".open-context", next)];
  if (button && its) button.setAttribute("aria-expanded", its.getAttribute("aria-expanded"));
  if (fresh) refill(one(".scroller", pane), one(".inner", next));
  const [form, asked] = [one(".name-form", pane), one(".composer", next)];
  if (form && asked) form.replaceWith(asked);
}

// ---------------------------------------------------------------- going somewhere

async function follow(link) {
  const scroller = link.closest(".scroller");
  if (link.matches(".earlier")) return load(scroller, link);
  if (link.matches(".open-context")) return toggleContext(link);
  if (link.matches(".close-context")) return closeContext(link.closest(".main, .thread"));
  if (link.matches(".context-trouble .again")) return openContext(link.href);
  if (link.matches(".close-thread, .back")) return closeThread();
  if (!(await go(link.href))) return;
  focusOn(one(one(".chat").dataset.thread ? ".thread textarea" : ".main textarea"));
}

async function closeThread() {
  const { thread, path } = one(".chat").dataset;
  if (!(await go(path))) return;
  const replies = one(`.main .message[data-id="${CSS.escape(thread)}"] .replies`);
  if (replies) replies.focus();
  else focusOn(one(".main textarea"));
}

async function toggleContext(link) {
  if (link.getAttribute("aria-expanded") === "true") return closeContext(link.closest(".main, .thread"));
  return openContext(link.href);
}

async function openContext(address) {
  if (await go(address, { history: "none" })) one(".context h3")?.focus();
}

async function closeContext(pane) {
  one(".context", pane)?.remove();
  const button = one(".open-context", pane);
  button.setAttribute("aria-expanded", "false");
  button.focus();
}

function toggleDrawer(isOpen) {
  one(".chat").classList.toggle("with-drawer", isOpen);
  one(".open-drawer").setAttribute("aria-expanded", String(isOpen));
}

document.addEventListener("click", (event) => {
  const drawer = event.target.closest(".open-drawer, .close-drawer, .backdrop");
  const link = event.target.closest('.chat a[href^="/c/"]:not([target])');
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (drawer) {
    event.preventDefault();
    toggleDrawer(drawer.matches(".open-drawer"));
  } else if (link && isPlain) {
    event.preventDefault();
    follow(link);
  } else if (event.target.closest(".skip")) {
    event.preventDefault();
    one(".main textarea, #new-name")?.focus();
  } else press(event.target);
});

function press(target) {
  const copy = target.closest("button.copy");
  if (copy) copyBy(copy, one("code", copy.closest(".code")).textContent);
  const end = target.closest(".to-end");
  if (end) showLatest(one(".scroller", end.parentElement));
  target.closest(".dismiss")?.closest(".note").remove();
}

function showLatest(scroller) {
  if (!one(".later", scroller)) return toEnd(scroller);
  toEnd(scroller);
  const { path, thread } = one(".chat").dataset;
  return go(thread ? `${path}/${encodeURIComponent(thread)}` : path, { history: "none", fresh: true });
}

window.addEventListener("popstate", () => go(location.href, { history: "none" }));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) {
    const panel = one(".context");
    if (one(".chat").classList.contains("with-drawer")) toggleDrawer(false);
    else if (panel) closeContext(panel.closest(".main, .thread"));
    else if (one(".thread")) closeThread();
  }
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  }
});

function step(by) {
  const links = all(".channels a");
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  follow(links[(at + by + links.length) % links.length]);
}

// ---------------------------------------------------------------- doing something

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id === "act") {
    event.preventDefault();
    await act(event.submitter);
  } else if (form.matches(".composer")) {
    event.preventDefault();
    await write(form);
  }
});

async function act(button) {
  const pane = button.closest(".main, .thread");
  const answer = await post(button.formAction, fieldsOf(one("#act")));
  takeNotes(pane, answer);
}

async function write(form) {
  const pane = form.closest(".main, .thread");
  all(".note", pane).forEach((note) => note.remove());
  toEnd(one(".scroller", pane));
  const answer = await send(form);
  if (!answer) return;
  if (!answer.error) takeNotes(pane, answer);
  if (answer.opens && (await go(answer.opens))) focusOn(one(".thread textarea"));
}

/** Show what is for this person alone, below the messages. */
function takeNotes(pane, { notes = [], error }) {
  const told = error ? [{ kind: "error", html: "<p></p>", asked: "", text: error }] : notes;
  const scroller = one(".scroller", pane);
  for (const { kind, html, asked, text } of told) {
    const note = one("#note").content.firstElementChild.cloneNode(true);
    note.classList.add(kind);
    if (asked) one("code", note).textContent = asked;
    else one("code", note).remove();
    one(".prose", note).append(parse(html));
    if (text) one(".prose p", note).textContent = text;
    one(".inner", scroller).append(note);
    showWhole(scroller, note);
  }
}

document.addEventListener("seedling:answered", () => {
  const panel = one(".context");
  if (panel) go(one(".open-context", panel.closest(".main, .thread")).href, { history: "none" });
});

remember("zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
start();
listen(onNews, one(".chat").dataset.position);
