// One job: follows it to its end, whatever breaks in between, and shows its state and each segment as it comes.

import { call, inWords, jobPath, Problem, serverNow } from "./api.js";
import { listen } from "./events.js";
import { announce, complain } from "./notices.js";
import { mayErase } from "./question.js";
import { clearResult, showResult, tellSegment } from "./result.js";
import { dateAndTime, left, span } from "./times.js";
import { onLanguage, say, share } from "./words.js";

const RETRY_MS = [1000, 2000, 4000, 8000]; // between tries while the server does not answer
const PAUSE_MS = 500; // before a stream that broke off without a word is opened again
const LOOK_S = 10; // between looks at a job that waits: its stream is silent about when its turn comes
const QUARTERS = 4; // parts of the way that are told to a screen reader

const byId = (id) => document.getElementById(id);

let following = null; // AbortController of the job that is followed
let shown = null; // what is known of the job that is shown
let timer = null;

// Shows the job and follows it. `refused` is called with the problem where it can't be shown.
export async function follow(id, refused) {
  leave();
  const mine = (following = new AbortController());
  const now = (shown = { id, job: null, title: null, trouble: null, refusal: null, pace: null, told: 0, said: "" });
  byId("job").hidden = false;
  render();
  timer = setInterval(() => tick(now, mine.signal), 1000);
  const last = { id: "" };
  for (let failures = 0, streams = 0; !mine.signal.aborted; ) {
    const on = (name, data) => {
      failures = 0;
      now.trouble = null;
      hear(now, name, data);
    };
    try {
      take(now, await call(jobPath(id), { signal: mine.signal }));
      if (ended(now.job)) break;
      now.trouble = null;
      if (streams++) await pause(PAUSE_MS);
      await listen(`${jobPath(id)}/events`, last, mine.signal, on);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (error instanceof Problem && !error.passes) {
        now.refusal = error;
        render();
        refused(error);
        break;
      }
      now.trouble = error;
      render();
      await pause(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
    }
  }
  if (following === mine) clearInterval(timer);
}

export function leave() {
  following?.abort();
  following = null;
  shown = null;
  clearInterval(timer);
  clearResult();
  byId("job").hidden = true;
}

export async function cancel() {
  const now = shown;
  if (now.cancelling) return;
  now.cancelling = true;
  try {
    // A DELETE would erase what has ended meanwhile.
    if (!ended(await call(jobPath(now.id)))) await call(jobPath(now.id), { method: "DELETE" });
  } catch (error) {
    now.cancelling = false;
    complain(error);
  }
}

// Asks, erases the job, and calls `gone`.
export async function erase(gone) {
  const { id } = shown;
  if (!(await mayErase(name()))) return;
  try {
    await call(jobPath(id), { method: "DELETE" });
    gone();
  } catch (error) {
    complain(error);
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function ended(job) {
  return ["succeeded", "failed", "cancelled"].includes(job?.state);
}

function take(now, job) {
  now.job = job;
  render();
  tell(now, stateInWords(job));
  if (job.result) showResult(job);
  if (job.state === "failed") complain(new Problem(job.error, 0));
}

function hear(now, name, data) {
  if (name === "segment") {
    now.title = tellSegment(data) ?? now.title;
    if (data.paragraph !== null) return; // there are thousands of them
  }
  if (name === "progress") Object.assign(now.job, { progress: { done: data.done, total: data.total }, eta_at: data.eta_at });
  if (name === "state") {
    Object.assign(now.job, data);
    if (!ended(now.job)) tell(now, stateInWords(now.job)); // the end is told with the result
  }
  const { done, total } = now.job.progress;
  const quarter = total ? Math.floor((QUARTERS * done) / total) : 0;
  if (quarter > now.told && quarter < QUARTERS) announce(say("share_done", { share: share(quarter / QUARTERS) }));
  now.told = Math.max(now.told, quarter);
  // The end is shown with the result, not before.
  if (!ended(now.job)) render();
}

// A screen reader hears each state once.
function tell(now, words) {
  if (now.said !== words) announce(words);
  now.said = words;
}

function tick(now, signal) {
  if (shown !== now || !now.job) return;
  now.ticks = (now.ticks ?? 0) + 1;
  if (now.job.state === "queued" && now.ticks % LOOK_S === 0 && !now.trouble) {
    call(jobPath(now.id), { signal }).then((job) => (now.job.eta_at = job.eta_at), () => {});
  }
  if (!ended(now.job)) render();
}

function stateInWords({ state, stage, result, timings = result?.timings }) {
  if (state === "running") return say(stage === "summarizing" ? "state_summarizing" : "state_translating");
  if (state === "succeeded" && timings) return say("state_succeeded_in", { time: span(timings.translate_s + timings.summarize_s) });
  return say(`state_${state}`);
}

// Seconds to the end: what the server expects, else by the speed since the first look; null where there is nothing to go by.
function secondsLeft({ eta_at, progress: { done, total } }) {
  if (eta_at) return (Date.parse(eta_at) - serverNow()) / 1000;
  const now = performance.now() / 1000;
  if (!shown.pace || done < shown.pace.done) shown.pace = { done, at: now };
  const speed = (done - shown.pace.done) / (now - shown.pace.at);
  return speed > 0 && now - shown.pace.at > 2 ? (total - done) / speed : null;
}

function name() {
  const { job, title, refusal } = shown;
  if (refusal) return say("state_refused");
  const given = typeof job?.metadata?.name === "string" ? job.metadata.name : null;
  return job?.result?.translation.title ?? title ?? (given || say("untitled"));
}

function render() {
  if (!shown) return;
  const { job, title, trouble, refusal } = shown;
  const over = ended(job) || refusal !== null;
  const words = refusal ? "" : job ? stateInWords(job) : say("state_opening");
  byId("state").textContent = trouble ? say("state_again", { problem: inWords(trouble) }) : words;
  byId("state-more").textContent = more(job, over).join(" · ");
  const { done, total } = job?.progress ?? { done: 0, total: 0 };
  const bar = byId("bar");
  if (total) Object.assign(bar, { max: total, value: done });
  else bar.removeAttribute("value");
  bar.hidden = over;
  if (over && document.activeElement === byId("cancel")) byId("job-title").focus();
  byId("cancel").hidden = over || !job;
  byId("erase").hidden = !ended(job);
  byId("copy-link").hidden = refusal !== null;
  byId("job").classList.toggle("ended", over);
  showTitle(job?.result?.translation.title ?? title, job);
  const running = job?.state === "running" && total > 0;
  const news = running ? share(done / total) : words;
  document.title = `${news && `${news} · `}${name()} – Dépêche`;
}

function more(job, over) {
  if (!job) return [];
  if (over) return job.expires_at ? [say("kept_until", { time: dateAndTime(job.expires_at) })] : [];
  const { done, total } = job.progress;
  const parts = [];
  if (job.state === "running" && total) parts.push(say("segments_done", { done, count: total }));
  const soon = left(job.state === "running" || job.eta_at ? secondsLeft(job) : null);
  if (soon) parts.push(soon);
  if (job.attempts > 1) parts.push(say("attempt", { attempt: job.attempts }));
  return parts;
}

function showTitle(translated, job) {
  const heading = byId("job-title");
  const given = job?.metadata?.name;
  heading.textContent = name();
  if (translated) heading.lang = "en";
  else heading.removeAttribute("lang");
  const original = byId("original-title");
  original.textContent = translated && typeof given === "string" ? given : "";
  original.hidden = !original.textContent;
}

onLanguage(render);
