// The caller's own jobs, newest first, page by page. The list has no text: a job goes by the title or the file name that its
// submission named.

import { call, jobPath } from "./api.js";
import { announce, complain } from "./notices.js";
import { mayErase } from "./question.js";
import { ago } from "./times.js";
import { onLanguage, say, share } from "./words.js";

const PAGE = 10;
const MOST = 100; // of a page
const AGAIN_MS = 5000; // between looks while some job has not ended

const byId = (id) => document.getElementById(id);
const list = byId("recent-list");

let jobs = null; // as far as they were read; null before that
let next = null; // cursor of the next page
let timer = null;
let watched = false; // whether the front is shown
let refused = () => {};

// Shows the first page anew. `onRefused` is called with what the server refuses the list with.
export async function showRecent(onRefused = refused) {
  refused = onRefused;
  watched = true;
  await read(PAGE);
}

export function leaveRecent() {
  watched = false;
  clearTimeout(timer);
}

async function read(limit) {
  clearTimeout(timer);
  try {
    ({ jobs, next } = await call(`/v1/jobs?limit=${limit}`));
    render();
    lookAgain();
    byId("recent-trouble").hidden = true;
  } catch (error) {
    if (error.status === 401) jobs = null;
    byId("recent-trouble").hidden = false;
    refused(error);
  }
  byId("recent").hidden = jobs === null;
}

// Reads the list anew after a while, if something in it still moves.
function lookAgain() {
  const limit = Math.max(PAGE, jobs.length);
  const moves = jobs.some((job) => ["queued", "running"].includes(job.state));
  if (watched && moves && limit <= MOST) timer = setTimeout(() => read(limit), AGAIN_MS);
}

async function showMore() {
  clearTimeout(timer);
  try {
    const page = await call(`/v1/jobs?limit=${PAGE}&cursor=${encodeURIComponent(next)}`);
    const first = jobs.length;
    jobs.push(...page.jobs.filter((job) => !jobs.some((known) => known.id === job.id)));
    next = page.next;
    render();
    lookAgain();
    list.children[first]?.querySelector("a").focus();
  } catch (error) {
    complain(error);
  }
}

async function erase(job) {
  if (!(await mayErase(nameOf(job)))) return;
  try {
    // What still runs is cancelled by the first call, and erased by the second.
    if ((await call(jobPath(job.id), { method: "DELETE" })) !== null) await call(jobPath(job.id), { method: "DELETE" });
    const at = jobs.findIndex((other) => other.id === job.id);
    jobs = jobs.filter((other) => other.id !== job.id);
    render();
    announce(say("erased"));
    (list.children[Math.min(at, jobs.length - 1)]?.querySelector("a") ?? byId("recent-title")).focus();
  } catch (error) {
    complain(error);
  }
}

function nameOf(job) {
  const name = job.metadata?.name;
  return typeof name === "string" && name.trim() ? name.trim() : say("untitled");
}

function stateOf({ state, progress: { done, total } }) {
  return state === "running" && total ? say("job_running_share", { share: share(done / total) }) : say(`job_${state}`);
}

function render() {
  if (jobs === null) return;
  const active = document.activeElement;
  const focused = active.closest("#recent-list li")?.dataset.id;
  list.replaceChildren(...jobs.map(row));
  if (focused) list.querySelector(`[data-id="${focused}"] ${active.localName}`)?.focus();
  byId("recent-none").hidden = jobs.length > 0;
  byId("recent-more").hidden = next === null;
}

function row(job) {
  const item = document.createElement("li");
  item.dataset.id = job.id;
  const link = document.createElement("a");
  link.href = `/jobs/${job.id}`;
  const name = document.createElement("span");
  name.className = "name";
  name.translate = false;
  name.textContent = nameOf(job);
  const state = document.createElement("span");
  state.className = `badge ${job.state}`;
  state.textContent = stateOf(job);
  const time = document.createElement("time");
  time.dateTime = job.created_at;
  time.textContent = ago(job.created_at);
  link.append(name, " ", state, " ", time);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon erase";
  button.setAttribute("aria-label", say("erase_job", { name: nameOf(job) }));
  button.addEventListener("click", () => erase(job));
  item.append(link, button);
  return item;
}

byId("recent-refresh").addEventListener("click", () => showRecent());
byId("recent-more").addEventListener("click", showMore);
onLanguage(render);
