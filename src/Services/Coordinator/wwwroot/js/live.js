// Brings parts of an open page up to date. The server renders them; a part that has not changed is left alone, so that focus,
// selection and scrolling stay.

// Each part as the server last sent it; within the page, at first.
const last = new WeakMap([...document.querySelectorAll("[data-part]")].map(part => [part, part.innerHTML]));

export async function refresh(part) {
  const address = new URL(part.dataset.part, location.href);
  const own = new Set(address.searchParams.keys());
  for (const [name, value] of new URLSearchParams(location.search)) if (!own.has(name)) address.searchParams.append(name, value);
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  if (last.get(part) === made.innerHTML || part.querySelector(".selection")) return;
  last.set(part, made.innerHTML);
  const focused = part.contains(document.activeElement) ? [...part.querySelectorAll("a, button, summary, [tabindex]")].indexOf(document.activeElement) : -1;
  part.replaceChildren(made.content);
  if (focused >= 0) part.querySelectorAll("a, button, summary, [tabindex]")[focused]?.focus();
}

// Runs an asynchronous action again and again on demand, never twice at once and never more often than every so many milliseconds.
export function throttled(action, milliseconds) {
  let running = false, wanted = false;
  return async function run() {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted) {
      wanted = false;
      try { await action(); } catch (problem) { console.warn(problem); }
      await new Promise(resolve => setTimeout(resolve, milliseconds));
    }
    running = false;
  };
}

for (const part of document.querySelectorAll("[data-part][data-events]")) {
  new EventSource(part.dataset.events).addEventListener("changed", throttled(() => refresh(part), 800));
}
