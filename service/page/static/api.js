// Calls of the HTTP interface, and what they are refused with.

import { authorization } from "./key.js";
import { has, say } from "./words.js";

// Codes of which the page's own words say everything: the server's detail speaks to programs.
const PLAIN = ["key_missing", "key_invalid", "job_not_found", "job_gone", "empty_text"];

let skew = 0; // milliseconds that the server's clock is ahead of this one

// A refusal: `code` is one of the stable ones, `status` that of HTTP, or 0 for a job that failed.
export class Problem extends Error {
  constructor(problem, status) {
    super(problem?.detail ?? "");
    this.code = problem?.code;
    this.status = status;
  }

  // Whether it may pass by itself: 502 and 504 are of a proxy whose server restarts.
  get passes() {
    return [429, 502, 503, 504].includes(this.status);
  }

  get words() {
    return has(`error_${this.code}`) ? say(`error_${this.code}`) : this.message || say("error_unknown", { status: this.status });
  }

  // What the server says more, in English.
  get detail() {
    if (PLAIN.includes(this.code) || !has(`error_${this.code}`)) return "";
    return this.code === "not_french" ? this.message.replace(/ Send French.*/, "") : this.message;
  }
}

// The words for whatever a call has thrown.
export function inWords(error) {
  return error instanceof Problem ? error.words : say("error_no_answer");
}

export async function call(path, options = {}) {
  const answer = await request(path, options);
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch {
    throw new Problem(null, answer.status);
  }
}

// The answer, if it is a good one. Throws a `Problem`, and what `fetch` throws where the connection breaks.
export async function request(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", ...options, headers: { ...options.headers, ...authorization() } });
  if (!answer.ok) throw new Problem(await answer.json().catch(() => null), answer.status);
  const date = Date.parse(answer.headers.get("Date"));
  if (date) skew = date - Date.now();
  return answer;
}

// Now, by the server's clock, to the second.
export function serverNow() {
  return Date.now() + skew;
}

export function jobPath(id) {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}
