// The API key, where the server demands one: kept for this tab alone, sent in a header, never in an address. Where the browser
// refuses to keep it, it is gone with the next reload.

const NAME = "depeche-key";

let held = null;

export function authorization() {
  const key = kept();
  return key ? { Authorization: `Bearer ${key}` } : {};
}

export function keep(key) {
  held = key || null;
  try {
    if (key) sessionStorage.setItem(NAME, key);
    else sessionStorage.removeItem(NAME);
  } catch {
    // then it is asked for again after a reload
  }
}

export function inUse() {
  return kept() !== null;
}

function kept() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return held;
  }
}
