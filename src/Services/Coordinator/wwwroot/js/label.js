// Labelling. The next pair is there before it is wanted, and shown at the key: what was chosen is handed in meanwhile. Texts of
// models and people go in as text, never as markup.

const byId = id => document.getElementById(id);
const form = byId("label"), message = byId("message"), reason = byId("reason"), undo = byId("undo"), progress = byId("progress");
const token = form.querySelector("input[name=__RequestVerificationToken]").value;
const runId = progress.dataset.run;
const waits = {
  notYet: "No run has come to its comparisons yet. The first pair comes here by itself.",
  paused: "The run is paused; labelling goes on when it does.",
  ended: "All labels are there. Thank you.",
  nothingLeft: "What is left is with other people just now.",
  tooManyOpen: "One moment…",
};

let pairs = [];            // the pair that is shown, then those that were fetched ahead
let sending = new Map();   // lease id → the promise of its label's answer
let handedIn = Promise.resolve(); // labels are handed in one after another: the order of the keys is theirs in the ledger
let last = null;           // the lease of the last label
let fetching = null;
let shownAt = 0, hiddenSince = null, hiddenMs = 0;

async function post(what, body) {
  const answer = await fetch(`/api/label/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Antiforgery-Token": token },
    body: JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.detail ?? json.title ?? `The Coordinator answered ${answer.status}.`);
  return json;
}

function say(text, isError = false) {
  message.textContent = text;
  message.className = isError ? "error" : "note";
}

function show() {
  const pair = pairs[0];
  form.hidden = !pair;
  if (!pair) return;
  byId("turns").replaceChildren(...pair.turns.map(turn => {
    const made = document.createElement("div"), who = document.createElement("p"), text = document.createElement("p");
    made.className = `turn ${turn.role}`;
    who.className = "soft";
    who.textContent = turn.role;
    text.className = "text";
    text.textContent = turn.content;
    made.append(who, text);
    return made;
  }));
  byId("first").textContent = pair.first;
  byId("second").textContent = pair.second;
  reason.value = "";
  shownAt = performance.now();
  hiddenMs = 0;
  document.documentElement.dataset.lease = pair.leaseId;
  byId("asked").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

// One pair shown and one ahead. Asks again after a while where there is none now.
function fill() {
  if (fetching || pairs.length > 1) return;
  fetching = (async () => {
    try {
      const next = await post("next", { runId, held: [...pairs.map(pair => pair.leaseId), ...sending.keys()] });
      if (next.lease) {
        if (!pairs.some(pair => pair.leaseId === next.lease.leaseId)) pairs.push(next.lease);
        if (pairs.length === 1) { say(""); show(); }
        return 0;
      }
      if (pairs.length === 0) say(waits[next.reason] ?? "There is no pair.");
      return next.reason === "tooManyOpen" ? 200 : next.reason === "ended" ? null : 3000;
    } catch (problem) {
      say(problem.message, true);
      return 5000;
    }
  })();
  fetching.then(wait => {
    fetching = null;
    if (wait === 0) fill();
    else if (wait !== null) setTimeout(fill, wait);
  });
}

async function tellProgress() {
  const now = await post("progress", { runId });
  const mine = now.labellers.reduce((sum, share) => sum + (share.labellerId === progress.dataset.who ? share.counted : 0), 0);
  progress.textContent = `${now.done} of ${now.wanted} labels` + (progress.dataset.who ? `, ${mine} by you` : "");
}

function choose(verdict, strength) {
  const pair = pairs[0];
  if (!pair) return;
  const elapsedMs = Math.round(performance.now() - shownAt - hiddenMs);
  const label = { leaseId: pair.leaseId, verdict, strength, reason: reason.value, elapsedMs };
  pairs.shift();
  show();
  if (pairs.length === 0) say("Looking for a pair…");
  const sent = handedIn = handedIn.then(() => post("submit", label)).then(
    () => { last = pair.leaseId; undo.disabled = false; if (pairs.length > 0) say("Saved."); tellProgress().catch(problem => say(problem.message, true)); },
    problem => { say(`That label was not taken: ${problem.message}`, true); })
    .finally(() => { sending.delete(pair.leaseId); fill(); });
  sending.set(pair.leaseId, sent);
  fill();
}

async function takeBack() {
  if (undo.disabled) return;
  undo.disabled = true;
  await Promise.all(sending.values());
  try {
    const lease = await post("undo", { runId, leaseId: last ?? "" });
    last = null;
    pairs = [lease, ...pairs.filter(pair => pair.leaseId !== lease.leaseId)];
    show();
    say("The last label is taken back; choose again.");
    await tellProgress();
  } catch (problem) {
    say(problem.message, true);
  }
}

const actions = {
  u: takeBack,
  r: () => reason.focus(),
  g: () => { const guidelines = byId("guidelines"); guidelines.open = !guidelines.open; },
};

form.addEventListener("submit", event => event.preventDefault());
form.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button?.dataset.verdict) choose(button.dataset.verdict, Number(button.dataset.strength));
  else if (button === undo) takeBack();
});

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.matches("textarea, input, select")) {
    if (event.key === "Escape") byId("asked").focus();
    return;
  }
  const key = event.key.toLowerCase();
  const button = form.hidden ? null : form.querySelector(`[data-verdict][data-key="${CSS.escape(key)}"]`);
  if (button) choose(button.dataset.verdict, Number(button.dataset.strength));
  else if (actions[key]) actions[key]();
  else return;
  event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenSince = performance.now();
  else if (hiddenSince !== null) { hiddenMs += performance.now() - Math.max(hiddenSince, shownAt); hiddenSince = null; }
});

fill();
