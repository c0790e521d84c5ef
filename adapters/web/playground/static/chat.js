// The page with scripts: links and forms work without a reload, and what happens is shown as it happens.
import { say } from "../frame/language.js";
import { prepare, send } from "./composer.js";
import { prepareContext } from "./context.js";
import { all, copyBy, fieldsOf, focusOn, localize, morphNode, one, parse, post, remember } from "./dom.js";
import { hold, load, refill, showWhole, toEnd, watch } from "./list.js";
import { listen, showAnswering } from "./stream.js";
import { forgetNext, keepForNext, prepareSettings, showExamples, showNext } from "./settings.js";
import { isMeant, showUnread, useTool } from "./tools.js";

document.documentElement.classList.add("js");
const HINTED = "seedling:hinted";
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
  all(".settings:not([data-live])", chat).forEach((section) => {
    section.dataset.live = "yes";
    prepareSettings(section);
  });
  all(".main, .thread", chat).forEach(showNext);
  showAnswering();
  showUnread();
  showNamed();
  remember("place", chat.dataset.place.split("/").map(encodeURIComponent).join("/"));
}

/** Go to the message that the address names. */
function showNamed() {
  const named = new URLSearchParams(location.search).get("around");
  const list = one(".chat").dataset.thread ? ".thread" : ".main";
  const message = named && one(`${list} .message[data-id="${CSS.escape(named)}"]`);
  if (!message) return;
  hold(message.closest(".scroller"), message);
  message.classList.add("named");
}

/** Show another address of the chat without loading a page; `fresh` reads the messages anew as well, and `keeps` leaves
 * a form of settings that is being filled in. */
async function go(address, { history = "push", fresh = false, keeps = false } = {}) {
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
  const jumps = /[?&](around|date)=/.test(response.url);
  swap(one(".chat"), next, { fresh: fresh || jumps, keeps });
  one("#act").replaceWith(one("#act", page));
  start();
  listen(onNews, next.dataset.position);
  return true;
}

/** Read the page anew with the panel that is open, the messages as well where news are of this channel. */
function onNews(isHere) {
  const context = one(".context");
  const address = context ? one(".open-context", context.parentElement).href : location.href;
  return go(address, { history: "none", fresh: isHere, keeps: true });
}

function swap(chat, next, how) {
  localize(next);
  const moved = chat.dataset.place !== next.dataset.place;
  const isOther = moved || chat.dataset.thread !== next.dataset.thread;
  chat.classList.toggle("with-thread", next.classList.contains("with-thread"));
  chat.classList.toggle("is-direct", next.classList.contains("is-direct"));
  chat.classList.remove("with-drawer");
  for (const name of ["place", "path", "thread", "me"]) chat.dataset[name] = next.dataset[name];
  morphNode(one(".sidebar", chat), one(".sidebar", next));
  swapPane(one(".main", chat), one(".main", next), moved, how);
  const [pane, other] = [one(".thread", chat), one(".thread", next)];
  if (pane && other) swapPane(pane, other, isOther, how);
  else if (pane) pane.remove();
  else if (other) one(".main", chat).after(other);
  all(".main .message.active", chat).forEach((message) => message.classList.remove("active"));
  if (next.dataset.thread) one(`.main .message[data-id="${CSS.escape(next.dataset.thread)}"]`, chat)?.classList.add("active");
}

/** Keep what is being written and read, where the place is the same. */
function swapPane(pane, next, isOther, { fresh, keeps }) {
  if (isOther) {
    pane.replaceWith(next);
    return;
  }
  const kept = keeps && one(":scope > .settings", pane);
  for (const name of kept ? [] : ["context", "settings"]) {
    const [panel, other] = [one(`:scope > .${name}`, pane), one(`:scope > .${name}`, next)];
    if (panel && other) panel.replaceWith(other);
    else if (panel) panel.remove();
    else if (other) one(":scope > .list-frame", pane).before(other);
    const [button, its] = [one(`.open-${name}`, pane), one(`.open-${name}`, next)];
    if (button && its) button.setAttribute("aria-expanded", its.getAttribute("aria-expanded"));
  }
  if (fresh) refill(one(".scroller", pane), one(".inner", next));
  const [form, asked] = [one(".name-form", pane), one(".composer", next)];
  if (form && asked) form.replaceWith(asked);
}

// ---------------------------------------------------------------- going somewhere

async function follow(link) {
  const scroller = link.closest(".scroller");
  if (link.matches(".earlier")) return load(scroller, link);
  if (link.matches(".open-context, .open-settings")) return togglePanel(link);
  if (link.matches(".close-context, .close-settings")) return closePanel(link.closest(".context, .settings"));
  if (link.matches(".context-trouble .again, .scopes a")) return openPanel(link.href);
  if (link.matches(".close-thread, .back")) return closeThread();
  const main = one(".main");
  main.inert = link.matches(".channels a"); // what is typed now is not for the channel that is left
  const isThere = await go(link.href);
  main.inert = false;
  if (!isThere) return;
  focusOn(one(one(".chat").dataset.thread ? ".thread textarea" : ".main textarea"));
}

async function closeThread() {
  const { thread, path } = one(".chat").dataset;
  if (!(await go(path))) return;
  const replies = one(`.main .message[data-id="${CSS.escape(thread)}"] .replies`);
  if (replies) replies.focus();
  else focusOn(one(".main textarea"));
}

async function togglePanel(link) {
  const name = link.matches(".open-context") ? "context" : "settings";
  const pane = link.closest(".main, .thread");
  if (link.getAttribute("aria-expanded") === "true") return closePanel(one(`.${name}`, pane));
  return openPanel(link.href);
}

async function openPanel(address) {
  if (await go(address, { history: "none" })) one(".context header > [tabindex], .settings header > [tabindex]")?.focus();
}

async function closePanel(panel) {
  const button = one(panel.matches(".context") ? ".open-context" : ".open-settings", panel.parentElement);
  panel.remove();
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
  const tool = target.closest("button");
  if (tool?.matches(".copy-as")) return copyAs(tool.closest(".message"));
  if (tool?.matches(".copy-example")) return copyBy(tool, one("#copy-as pre").textContent);
  if (tool && useTool(tool, takeNotes)) return;
  if (target.closest(".show-keys")) one("#keys").showModal();
  const copy = target.closest("button.copy");
  if (copy) copyBy(copy, one("code", copy.closest(".code")).textContent);
  const end = target.closest(".to-end");
  if (end) showLatest(one(".scroller", end.parentElement));
  target.closest(".dismiss")?.closest(".note").remove();
}

async function copyAs(message) {
  const error = await showExamples(message);
  if (error) takeNotes(message.closest(".main, .thread"), { error });
}

function showLatest(scroller) {
  if (!one(".later", scroller)) return toEnd(scroller);
  toEnd(scroller);
  const { path, thread } = one(".chat").dataset;
  return go(thread ? `${path}/${encodeURIComponent(thread)}` : path, { history: "none", fresh: true, keeps: true });
}

window.addEventListener("popstate", () => go(location.href, { history: "none" }));

document.addEventListener("keydown", (event) => {
  if (one("dialog[open]")) return;
  if (event.key === "Escape" && !event.defaultPrevented) {
    const panel = one(".context, .settings");
    if (one(".chat").classList.contains("with-drawer")) toggleDrawer(false);
    else if (panel) closePanel(panel);
    else if (one(".thread")) closeThread();
  }
  if (event.key === "?" && !event.target.closest("input, textarea, select")) one("#keys").showModal();
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
  } else if (form.matches(".settings-form")) {
    event.preventDefault();
    await set(form);
  }
});

async function act(button) {
  const pane = button.closest(".main, .thread");
  if (button.matches(".delete") && !isMeant(button)) return;
  const answer = await post(button.formAction, fieldsOf(one("#act")));
  if (button.matches(".confirm")) button.closest(".note")?.remove();
  takeNotes(pane, answer);
  if (!button.matches(".undo") || answer.error) return;
  button.remove();
  const shown = one('.settings .scopes [aria-current="true"]', pane);
  if (shown) openPanel(shown.href);
}

async function set(form) {
  const section = form.closest(".settings");
  if (form.dataset.turn) {
    keepForNext(form);
    return closePanel(section);
  }
  const response = await fetch(form.action, { method: "POST", body: fieldsOf(form), headers: { Accept: "text/html" } }).catch(() => null);
  const page = response && new DOMParser().parseFromString(await response.text(), "text/html");
  const next = page && one(".settings", page);
  if (!next) return takeNotes(form.closest(".main, .thread"), { error: say("That was not saved. Try again in a moment.") });
  section.replaceWith(next);
  start();
  one('[aria-invalid="true"], .settings-told', next)?.focus();
}

async function write(form) {
  const pane = form.closest(".main, .thread");
  all(".note", pane).forEach((note) => note.remove());
  toEnd(one(".scroller", pane));
  const answer = await send(form);
  if (!answer) return;
  if (!answer.error && !answer.kept && !answer.notes?.length) forgetNext(pane);
  if (!answer.error) takeNotes(pane, answer);
  if (answer.unheard && !localStorage.getItem(HINTED)) {
    localStorage.setItem(HINTED, "yes");
    takeNotes(pane, { notes: [{ kind: "info", html: `<p>${say("The others see this; the bot answers what mentions it: <b>@seedling</b>.")}</p>`, asked: "" }] });
  }
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
    one(".confirm", note)?.focus();
  }
}

document.addEventListener("seedling:answered", () => {
  const panel = one(".context");
  if (panel) go(one(".open-context", panel.closest(".main, .thread")).href, { history: "none" });
});

remember("zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
start();
listen(onNews, one(".chat").dataset.position);
