// Times and spans as the reader's language writes them.

import { serverNow } from "./api.js";
import { locale, say } from "./words.js";

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

// How long ago something was: "2 minutes ago", and the date where it was longer ago than a week.
export function ago(moment) {
  const seconds = (serverNow() - Date.parse(moment)) / 1000;
  if (seconds > 7 * 86400) return dateAndTime(moment);
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  return unit === "second" ? format.format(0, "second") : format.format(-Math.floor(seconds / size), unit);
}

export function dateAndTime(moment) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

// A span that was measured: "1.8 seconds", "2 minutes 5 seconds".
export function span(seconds) {
  const write = (value, unit, digits = 0) =>
    new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: digits }).format(value);
  if (seconds < 1) return say("under_second");
  if (seconds < 60) return write(seconds, "second", seconds < 10 ? 1 : 0);
  return `${write(Math.floor(seconds / 60), "minute")} ${write(Math.floor(seconds % 60), "second")}`;
}

// What is left of a job, or nothing where it is about to end.
export function left(seconds) {
  if (seconds === null || seconds < 2) return "";
  if (seconds < 90) return say("left_seconds", { count: Math.round(seconds) });
  if (seconds < 5400) return say("left_minutes", { count: Math.round(seconds / 60) });
  return say("left_hours", { count: Math.round(seconds / 3600) });
}
