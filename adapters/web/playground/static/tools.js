// What can be done with one message: copy it or its link, change it, see it as a request to the API.
import { say } from "../frame/language.js";
import { all, copyText, fieldsOf, one, parse, post } from "./dom.js";

/** Do what a button of a message is for; false when it is none of them. */
export function useTool(button, takeNotes) {
  const message = button.closest(".message");
  if (!message) return false;
  if (button.matches(".copy-link")) done(button, copyText(location.origin + pathOf(message)));
  else if (button.matches(".copy-text")) done(button, textOf(message).then(copyText));
  else if (button.matches(".edit")) edit(message, takeNotes);
  else return false;
  return true;
}

/** Whether a button that deletes was pressed for the second time; after the first it says so until it is left. */
export function isMeant(button) {
  if (button.classList.contains("sure")) return true;
  const label = button.getAttribute("aria-label");
  const rest = () => {
    button.classList.remove("sure");
    button.setAttribute("aria-label", label);
    button.removeEventListener("blur", rest);
    button.removeEventListener("keydown", onKey);
  };
  const onKey = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // which would close the thread as well
    rest();
  };
  button.focus(); // not every browser does so by a click
  button.classList.add("sure");
  button.setAttribute("aria-label", button.dataset.sure);
  one("#spoken").textContent = button.dataset.sure;
  button.addEventListener("blur", rest);
  button.addEventListener("keydown", onKey);
  return false;
}

async function done(button, copying) {
  await copying;
  button.focus();
  button.classList.add("done");
  one("#spoken").textContent = say("Copied");
  setTimeout(() => button.classList.remove("done"), 1500);
}

function pathOf({ dataset: { id, thread } }) {
  const { path } = one(".chat").dataset;
  const around = `?around=${encodeURIComponent(id)}`;
  return path + (thread ? `/${encodeURIComponent(thread)}` : "") + around;
}

/** The text of a message as it was written. */
async function textOf(message) {
  const place = one(".chat").dataset.path.slice(2);
  const response = await fetch(`/text${place}/${encodeURIComponent(message.dataset.id)}`);
  return response.ok ? response.text() : one(".body", message).innerText;
}

async function edit(message, takeNotes) {
  if (one(".editor", message)) return;
  const editor = parse(
    '<form class="editor"><textarea name="text" rows="3" required></textarea>' +
      '<div><button class="primary"></button> <button type="button" class="quiet"></button></div></form>',
  ).firstElementChild;
  one("textarea", editor).setAttribute("aria-label", say("New text"));
  one(".primary", editor).textContent = say("Save");
  one(".quiet", editor).textContent = say("Cancel");
  one("textarea", editor).value = await textOf(message);
  one(".body", message).after(editor);
  message.classList.add("edited");
  const close = () => {
    editor.remove();
    message.classList.remove("edited");
    one(".edit", message)?.focus();
  };
  one("textarea", editor).focus();
  one(".quiet", editor).addEventListener("click", close);
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      editor.requestSubmit();
    }
  });
  editor.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = fieldsOf(one("#act"));
    fields.set("id", message.dataset.id);
    fields.set("thread", message.dataset.thread);
    fields.set("text", one("textarea", editor).value);
    const answer = await post(one(".chat").dataset.path + "/edit", fields);
    if (answer.error) takeNotes(message.closest(".main, .thread"), answer);
    else close();
  });
}

// ---------------------------------------------------------------- what is new elsewhere

const UNREAD = "seedling:unread";
const read = () => new Set(JSON.parse(localStorage.getItem(UNREAD) ?? "[]"));
const write = (channels) => localStorage.setItem(UNREAD, JSON.stringify([...channels]));

/** Note that a channel has something new, until it is looked at. */
export function noteUnread(channel) {
  write(read().add(channel));
  showUnread();
}

function newDot() {
  const dot = parse('<span class="dot"><span class="sr-only"></span></span>').firstElementChild;
  dot.firstElementChild.textContent = say("new messages");
  return dot;
}

/** Mark the channels with something new, also after a reload. */
export function showUnread() {
  const channels = read();
  if (channels.delete(one(".chat").dataset.place)) write(channels);
  for (const link of all(".channels a")) {
    const isNew = channels.has(link.dataset.channel);
    link.classList.toggle("unread", isNew);
    if (isNew && !one(".dot", link)) link.append(newDot());
    if (!isNew) one(".dot", link)?.remove();
  }
}
