// What the browser remembers for this page between visits: choices, never text. It does without where the browser refuses.

export function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // then it is chosen again next time
  }
}
