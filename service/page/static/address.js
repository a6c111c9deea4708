// Which job the address names: /jobs/ID. Links of the first version had the id behind a #, and lead to the same.

const JOB = /^\/jobs\/([^/]+)$/;
const OLD = /^#([0-9a-z]{16,64})$/;

// The id, or null on the page's front.
export function jobInAddress() {
  const old = location.pathname === "/" && OLD.exec(location.hash);
  if (old) history.replaceState(null, "", `/jobs/${old[1]}`);
  const match = JOB.exec(location.pathname);
  return match ? decoded(match[1]) : null;
}

// What is no proper escape can be no id either: the server will say so.
function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function goTo(id) {
  const path = id === null ? "/" : `/jobs/${encodeURIComponent(id)}`;
  if (location.pathname !== path || location.hash) history.pushState(null, "", path);
}
