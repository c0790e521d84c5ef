// Files beside a message: dropped, pasted or chosen, checked against the limits before anything is sent, with progress.
import { say } from "../frame/language.js";
import { all, one, parse } from "./dom.js";

const uploads = new WeakMap(); // the files of each composer: { name, id, request }

const termsOf = () => JSON.parse(one(".chat").dataset.files);
const filesOf = (form) => uploads.get(form) ?? [];

/** Let files be put into a composer. */
export function prepareFiles(form, changed) {
  uploads.set(form, []);
  const picker = one(".picker", form);
  one(".attach", form).addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    add(form, picker.files, changed);
    picker.value = "";
  });
  one("textarea", form).addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    add(form, event.clipboardData.files, changed);
  });
  const pane = form.closest(".main, .thread");
  pane.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    pane.classList.add("takes-files");
  });
  pane.addEventListener("dragleave", (event) => {
    if (!pane.contains(event.relatedTarget)) pane.classList.remove("takes-files");
  });
  pane.addEventListener("drop", (event) => {
    event.preventDefault();
    pane.classList.remove("takes-files");
    if (form.isConnected) add(form, event.dataTransfer.files, changed);
  });
}

function add(form, chosen, changed) {
  const terms = termsOf();
  for (const file of chosen) {
    const name = file.name || "file";
    const item = show(form, name, changed);
    if (file.size > terms.bytes) refuse(item, say("is larger than {size}, so it was not added.", terms));
    else if (!file.size) refuse(item, say("is empty, so it was not added."));
    else if (filesOf(form).length >= terms.files) refuse(item, say("was not added: a message takes {files} files.", terms));
    else upload(form, file, item, changed);
  }
  changed(form);
}

function show(form, name, changed) {
  const list = one(".composer-files", form);
  const item = parse(
    '<li class="composer-file"><svg class="i" aria-hidden="true"><use href="#i-clip"/></svg><b></b> <span role="status"></span>' +
      '<progress max="1" value="0"></progress><button type="button"><svg class="i" aria-hidden="true"><use href="#i-close"/></svg></button></li>',
  ).firstElementChild;
  one("b", item).textContent = name;
  one("progress", item).setAttribute("aria-label", say("Sending {name}", { name }));
  const button = one("button", item);
  button.setAttribute("aria-label", say("Remove {name}", { name }));
  button.addEventListener("click", () => {
    const files = filesOf(form);
    const file = files.find((each) => each.item === item);
    file?.request.abort();
    if (file) files.splice(files.indexOf(file), 1);
    item.remove();
    list.hidden = !list.children.length;
    changed(form);
  });
  list.append(item);
  list.hidden = false;
  return item;
}

function refuse(item, why) {
  item.classList.add("refused");
  one("progress", item).remove();
  one("span", item).textContent = why;
}

function upload(form, file, item, changed) {
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
    const picture = Object.assign(new Image(), { src: URL.createObjectURL(file), alt: "" });
    picture.onload = () => URL.revokeObjectURL(picture.src);
    one("svg", item).replaceWith(picture);
  }
  const request = new XMLHttpRequest();
  const entry = { item, request, id: "" };
  filesOf(form).push(entry);
  const fail = (why) => {
    refuse(item, why);
    filesOf(form).splice(filesOf(form).indexOf(entry), 1);
    changed(form);
  };
  request.open("POST", `/files${one(".chat").dataset.path.slice(2)}?` + new URLSearchParams({ name: file.name || "file" }));
  request.setRequestHeader("X-CSRF-Token", one('meta[name="csrf"]').content);
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.upload.onprogress = ({ loaded, total }) => (one("progress", item).value = loaded / total);
  request.onerror = () => fail(say("could not be sent. Add it again."));
  request.onload = () => {
    if (request.status !== 200) return fail(say("was refused: {why}", { why: request.responseText.trim().slice(0, 200) }));
    entry.id = JSON.parse(request.responseText).id;
    one("progress", item).remove();
    changed(form);
  };
  request.send(file);
}

/** Whether there is something to send, and nothing under way. */
export const hasFiles = (form) => filesOf(form).length > 0;
export const isUploading = (form) => filesOf(form).some((file) => !file.id);
export const idsOf = (form) => filesOf(form).map((file) => file.id).join(",");

/** Let go of the files, which were sent. */
export function clearFiles(form) {
  uploads.set(form, []);
  all(".composer-file", form).forEach((item) => item.remove());
  one(".composer-files", form).hidden = true;
}
