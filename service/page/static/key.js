// The API key, where the server demands one: kept for this tab alone, sent in a header, never in an address.

const NAME = "depeche-key";

export function authorization() {
  const key = sessionStorage.getItem(NAME);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

export function keep(key) {
  if (key) sessionStorage.setItem(NAME, key);
  else sessionStorage.removeItem(NAME);
}

export function inUse() {
  return sessionStorage.getItem(NAME) !== null;
}
