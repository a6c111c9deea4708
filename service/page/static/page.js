// The page: the front with its form and the recent jobs, or one job, as the address says. All text is set as text, never as HTML.

import { goTo, jobInAddress } from "./address.js";
import { call, Problem } from "./api.js";
import { hasText, Mistake, readForm } from "./form.js";
import { cancel, erase, follow, leave } from "./job.js";
import { inUse, keep } from "./key.js";
import { announce, complain } from "./notices.js";
import { leaveRecent, showRecent } from "./recent.js";
import { copyLink } from "./result.js";
import { dress, onLanguage, say, speak } from "./words.js";

const byId = (id) => document.getElementById(id);

let submission = null; // the last body and its Idempotency-Key: the same article sent again gives the same job
let waiting = null; // what is done once there is a key

// Shows what the address names.
function open() {
  complain(null);
  showKey(null);
  const id = jobInAddress();
  byId("front").hidden = id !== null;
  if (id !== null) {
    leaveRecent();
    return void follow(id, (error) => (error.status === 401 ? askForKey(error, open) : complain(error)));
  }
  leave();
  nameFront();
  showRecent((error) => error.status === 401 && byId("key-form").hidden && askForKey(null, open));
}

function nameFront() {
  if (!byId("front").hidden) document.title = `${say("home_heading")} – Dépêche`;
}

// Goes to a job, or with null to the front, and says so to a screen reader by the focus.
function visit(id) {
  goTo(id);
  open();
  scrollTo(0, 0);
  byId(id === null ? "front-title" : "job-title").focus({ preventScroll: true });
}

// The server demands a key before `then` can be done.
function askForKey(error, then) {
  complain(error);
  waiting = then;
  showKey("key_needed");
  if (error) byId("key").focus();
}

// The form for a key under this heading, or with null none; and at the page's foot, how it stands.
function showKey(heading) {
  byId("key-form").hidden = heading === null;
  if (heading) byId("key-title").textContent = say((byId("key-title").dataset.words = heading));
  byId("key-in-use").hidden = !inUse();
  byId("key-offer").hidden = inUse() || heading !== null;
}

async function submit(force) {
  complain(null);
  let body;
  try {
    body = JSON.stringify(readForm(force));
  } catch (mistake) {
    if (!(mistake instanceof Mistake)) throw mistake;
    complain(mistake);
    for (let node = mistake.field; node; node = node.parentElement) if (node.localName === "details") node.open = true;
    mistake.field.focus();
    return;
  }
  if (submission?.body !== body) submission = { body, key: randomKey() };
  byId("submit").disabled = true;
  try {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": submission.key };
    const job = await call("/v1/jobs", { method: "POST", headers, body });
    submission = null;
    visit(job.id);
  } catch (error) {
    if (error.code === "job_gone" || error.code === "idempotency_conflict") submission = null; // the next try makes a new job
    if (error instanceof Problem && error.status === 401) askForKey(error, () => submit(force));
    else complain(error);
  } finally {
    byId("submit").disabled = false;
  }
}

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function useKey(key) {
  keep(key);
  byId("key").value = "";
  showKey(null);
  complain(null);
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit(false);
});
byId("force").addEventListener("click", () => submit(true));
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = byId("key").value.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) {
    // no header can hold it, so the browser would send nothing
    complain({ key: "key_characters" });
    return void byId("key").focus();
  }
  useKey(key);
  (waiting ?? open)();
});
byId("key-offer").addEventListener("click", () => {
  waiting = open;
  showKey("key_offer");
  byId("key").focus();
});
byId("key-forget").addEventListener("click", () => {
  useKey("");
  open();
});
byId("cancel").addEventListener("click", cancel);
byId("erase").addEventListener("click", () =>
  erase(() => {
    visit(null);
    announce(say("erased"));
  }),
);
// By its address it would be another page of the history, and be opened anew.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
byId("copy-link").addEventListener("click", () => copyLink(byId("copy-link")));
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href='/'], a[href^='/jobs/']");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const id = link.pathname.slice("/jobs/".length) || null;
  visit(id);
  if (id === null && link.id === "again" && hasText()) byId("text").select();
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => speak(button.dataset.language));
}
window.addEventListener("popstate", open);
onLanguage(nameFront);
dress();
open();
