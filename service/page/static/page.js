// Submits the article, listens to its job, and shows each segment as it comes. The job's id is kept in the address's fragment,
// so that a reload goes on where it was. All text is set as text, never as HTML.

import { Article, inWords as warningInWords } from "./article.js";
import { listen } from "./events.js";
import { onDrop, readArticle, save } from "./files.js";
import { authorization, keep } from "./key.js";

const byId = (id) => document.getElementById(id);
const form = byId("form");
const text = byId("text");

const RETRY_MS = [1000, 2000, 4000, 8000]; // between tries while the server does not answer

const article = new Article(byId("paragraphs"));

let following = null; // AbortController of the job that is followed
let started = null; // the first progress that was seen of the job, and when
let wantedJob = null; // the id of a job that wants a key to be shown
let submission = null; // the last body and its Idempotency-Key: the same article sent again gives the same job

class Problem extends Error {
  constructor(problem, status) {
    super(problem.detail ?? `The server answered ${status}.`);
    this.code = problem.code;
    this.status = status;
  }
  get passes() {
    return this.status === 503 || this.status === 429;
  }
}

async function call(path, options = {}) {
  const headers = { ...options.headers, ...authorization() };
  const answer = await fetch(path, { cache: "no-store", ...options, headers });
  if (answer.status === 204) return null;
  if (!answer.ok) throw await refusal(answer);
  try {
    return await answer.json();
  } catch {
    throw new Problem({}, answer.status);
  }
}

async function refusal(answer) {
  try {
    return new Problem(await answer.json(), answer.status);
  } catch {
    return new Problem({}, answer.status);
  }
}

function inWords(error) {
  // The detail speaks to programs: here there is a button for it.
  if (error.code === "not_french") return error.message.replace(/ Send French.*/, "");
  return error instanceof Problem ? error.message : "The server does not answer. Is it still running?";
}

function showError(error) {
  if (error?.status === 401) {
    byId("key-form").hidden = false;
    byId("key").focus();
  }
  byId("error").textContent = error ? inWords(error) : "";
  byId("error").hidden = !error;
  byId("force").hidden = error?.code !== "not_french";
}

async function submit(force) {
  showError(null);
  if (!text.value.trim()) {
    byId("error").textContent = "Paste an article first.";
    byId("error").hidden = false;
    text.focus();
    return;
  }
  const wanted = byId("summary").checked ? { max_words: byId("words").valueAsNumber } : { mode: "none" };
  const body = JSON.stringify({ text: text.value, format: byId("format").value, summary: wanted, force });
  if (submission?.body !== body) submission = { body, key: randomKey() };
  byId("submit").disabled = true;
  try {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": submission.key };
    const job = await call("/v1/jobs", { method: "POST", headers, body });
    follow(job.id);
    byId("job").focus();
  } catch (error) {
    if (error.code === "job_gone") submission = null; // erased meanwhile: the next try makes a new job
    showError(error);
  } finally {
    byId("submit").disabled = false;
  }
}

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The job

async function follow(id) {
  following?.abort();
  const mine = (following = new AbortController());
  showError(null);
  clearResult();
  form.hidden = true;
  started = null;
  byId("job").hidden = false;
  showState({ state: "queued", progress: { done: 0, total: 0 } });
  if (location.hash !== `#${id}`) history.pushState(null, "", `#${id}`);
  const path = `/v1/jobs/${encodeURIComponent(id)}`;
  const last = { id: "" };
  const job = { state: "queued", stage: null, progress: { done: 0, total: 0 } };
  let failures = 0;
  const on = (name, data) => {
    failures = 0;
    if (name === "segment") return showSegment(data);
    if (name === "progress") job.progress = data;
    if (name === "state") Object.assign(job, data);
    if (!ended(job)) showState(job);
  };
  while (!mine.signal.aborted) {
    try {
      await listen(`${path}/events`, last, mine.signal, on, refusal);
      const whole = await call(path, { signal: mine.signal });
      if (ended(whole)) {
        showState(whole);
        showResult(whole);
        return;
      }
    } catch (error) {
      if (mine.signal.aborted) return;
      if (error instanceof Problem && !error.passes) {
        leaveJob();
        wantedJob = error.status === 401 ? id : null;
        showError(error);
        return;
      }
      byId("state").textContent = `${inWords(error)} Trying again…`;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]));
    }
  }
}

function showSegment(data) {
  byId("translation-part").hidden = false;
  if (data.paragraph === null) {
    byId("title").textContent = data.target;
    byId("title").hidden = false;
  } else article.tell(data);
}

function ended(job) {
  return ["succeeded", "failed", "cancelled"].includes(job.state);
}

function leaveJob() {
  following?.abort();
  following = null;
  clearResult();
  byId("job").hidden = true;
  form.hidden = false;
  document.title = "Dépêche";
  if (location.hash) history.pushState(null, "", location.pathname);
}

async function cancel() {
  const id = location.hash.slice(1);
  if (!id) return;
  byId("cancel").disabled = true;
  try {
    await call(`/v1/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });
  } catch (error) {
    showError(error);
  } finally {
    byId("cancel").disabled = false;
  }
}

// The seconds that are left, by the speed since the first look at this job; null where there is none to go by.
function secondsLeft({ done, total }) {
  const now = performance.now() / 1000;
  if (!started || done < started.done) started = { done, at: now };
  const speed = (done - started.done) / (now - started.at);
  return speed > 0 && now - started.at > 2 ? (total - done) / speed : null;
}

function leftInWords(seconds) {
  if (seconds === null || seconds < 2) return "";
  return seconds < 90 ? `, about ${Math.round(seconds)} s left` : `, about ${Math.round(seconds / 60)} min left`;
}

function showState(job) {
  const { done, total } = job.progress;
  const words = {
    queued: "Waiting for a worker…",
    running: job.stage === "summarizing" ? "Summarising…" : "Translating…",
    succeeded: "Done.",
    failed: "It did not work.",
    cancelled: "Cancelled.",
  };
  const running = job.state === "running" && total > 0;
  const share = total ? Math.floor((100 * done) / total) : 0;
  const state = words[job.state] + (running ? ` ${done} of ${total} segments${leftInWords(secondsLeft(job.progress))}` : "");
  if (byId("state").textContent !== state) byId("state").textContent = state;
  const bar = byId("bar");
  if (total) {
    bar.max = total;
    bar.value = done;
  } else {
    bar.removeAttribute("value");
  }
  bar.hidden = ended(job);
  byId("cancel").hidden = ended(job);
  byId("again").hidden = !ended(job);
  document.title = job.state === "running" ? `${share} % · Dépêche` : `${words[job.state]} · Dépêche`;
  if (job.state === "failed") showError(new Problem(job.error, 0));
}

// The result

function clearResult() {
  for (const id of ["summary-part", "translation-part", "warnings", "title", "copy", "download"]) byId(id).hidden = true;
  for (const id of ["summary-text", "paragraphs", "warnings-list", "title", "account"]) byId(id).replaceChildren();
}

function showResult(job) {
  if (!job.result) return;
  const { translation, summary, warnings, coverage, models } = job.result;
  byId("title").textContent = translation.title ?? "";
  byId("title").hidden = !translation.title;
  article.show(translation.paragraphs);
  byId("translation-part").hidden = false;
  if (summary) {
    byId("summary-text").replaceChildren(...summary.sentences.flatMap(sentenceNodes));
    byId("summary-part").hidden = false;
  }
  showWarnings(warnings);
  const cut = coverage.truncated ? " Some segments stopped at their limit." : "";
  byId("account").textContent =
    `${coverage.segments_out} of ${coverage.segments_in} segments, ${coverage.characters_in.toLocaleString("en")} characters.` +
    `${cut} Translated by ${models.translator.id}.`;
  byId("copy").onclick = () => copy(translation.text);
  byId("download").onclick = () => save(translation.text, job.result.format);
  byId("copy").hidden = byId("download").hidden = false;
}

function sentenceNodes(sentence) {
  const paragraphs = [...new Set(sentence.evidence.map(([paragraph]) => paragraph))];
  return [sentence.text, ...paragraphs.map(pointer), " "];
}

function pointer(paragraph) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "evidence";
  button.textContent = paragraph + 1;
  button.setAttribute("aria-label", `rests on paragraph ${paragraph + 1}`);
  button.onclick = () => point(paragraph);
  return button;
}

function point(paragraph) {
  for (const item of document.querySelectorAll(".pointed")) item.classList.remove("pointed");
  const item = byId(`paragraph-${paragraph}`);
  item?.classList.add("pointed");
  item?.scrollIntoView({ block: "center" });
  item?.focus({ preventScroll: true });
}

function showWarnings(warnings) {
  byId("warnings").hidden = warnings.length === 0;
  byId("warnings-count").textContent = warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`;
  byId("warnings-list").replaceChildren(
    ...warnings.map((warning) => {
      const item = document.createElement("li");
      const place = warning.paragraph === null ? "Title" : `Paragraph ${warning.paragraph + 1}`;
      const what = warningInWords(warning.code);
      item.textContent = `${place}: ${what}${warning.detail ? ` (${warning.detail})` : ""}`;
      return item;
    }),
  );
}

async function copy(content) {
  const button = byId("copy");
  try {
    await navigator.clipboard.writeText(content);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not permitted";
  }
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

// Wiring

async function open(file) {
  showError(null);
  try {
    const article = await readArticle(file);
    text.value = article.text;
    byId("format").value = article.format;
    measure();
    text.focus();
  } catch (error) {
    byId("error").textContent = error.message;
    byId("error").hidden = false;
  }
}

function measure() {
  const count = text.value.length;
  byId("size").textContent = count ? `${count.toLocaleString("en")} characters` : "";
}

function openFragment() {
  const id = location.hash.slice(1);
  if (id) follow(id);
  else leaveJob();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(false);
});
byId("force").addEventListener("click", () => submit(true));
text.addEventListener("input", measure);
onDrop(text, open);
byId("file").addEventListener("change", () => {
  const [file] = byId("file").files;
  if (file) open(file);
  byId("file").value = "";
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
byId("summary").addEventListener("change", () => (byId("words").disabled = !byId("summary").checked));
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keep(byId("key").value.trim());
  byId("key").value = "";
  byId("key-form").hidden = true;
  showError(null);
  if (wantedJob) follow(wantedJob);
  else if (text.value.trim()) submit(false);
});
byId("cancel").addEventListener("click", cancel);
byId("again").addEventListener("click", () => {
  leaveJob();
  text.select();
  text.focus();
});
byId("french").addEventListener("change", () =>
  byId("translation-part").classList.toggle("with-french", byId("french").checked),
);
window.addEventListener("popstate", openFragment);
byId("words").disabled = !byId("summary").checked;
measure();
openFragment();
