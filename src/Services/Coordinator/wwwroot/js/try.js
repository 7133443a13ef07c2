// A conversation with one version, or with two beside each other. What models write goes in as text, never as markup.

const byId = id => document.getElementById(id);
const form = byId("chat"), said = byId("said"), message = byId("message");
const token = form.querySelector("input[name=__RequestVerificationToken]").value;
const sides = ["left", "right"].map(name => ({
  version: byId(`${name}-version`), pane: document.querySelector(`[data-side="${name}"]`), turns: [],
}));
let stopper = null;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function name(side) {
  side.pane.querySelector("h2").textContent = side.version.value;
  side.pane.hidden = side.version.value === "";
}

function addTurn(side, role, text) {
  const turn = element("div", `turn ${role}`), content = element("p", "text", text), about = element("p", "soft");
  turn.append(element("p", "soft", role), content, about);
  side.pane.querySelector(".turns").append(turn);
  turn.scrollIntoView({ block: "nearest" });
  return { content, about };
}

// The JSON of each server-sent event.
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    rest += value;
    const events = rest.split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter(line => line.startsWith("data:")).map(line => line.slice(5).trimStart()).join("\n");
      if (data) yield JSON.parse(data);
    }
  }
}

async function ask(side, text, signal) {
  side.turns.push({ role: "user", content: text });
  addTurn(side, "user", text);
  const { content, about } = addTurn(side, "assistant", "");
  const facts = [];
  try {
    const answer = await fetch("/api/try", {
      method: "POST",
      signal,
      headers: { "Content-Type": "application/json", "X-Antiforgery-Token": token },
      body: JSON.stringify({
        version: side.version.value, rewardModel: byId("reward-model").value, messages: side.turns,
        temperature: Number(byId("temperature").value), maxNewTokens: Number(byId("tokens").value), seed: Number(byId("seed").value),
      }),
    });
    if (!answer.ok) {
      const problem = await answer.json();
      throw new Error(problem.detail ?? problem.title);
    }
    for await (const happened of eventsOf(answer.body)) {
      if (happened.text) content.textContent += happened.text;
      if (happened.end) facts.push(happened.end, `${happened.tokens} tokens`);
      if (happened.score !== undefined) facts.push(`score ${happened.score.toFixed(2)}`);
      if (happened.error) facts.push(`error: ${happened.error}`);
      about.textContent = facts.join(" · ");
    }
    side.turns.push({ role: "assistant", content: content.textContent });
  } catch (problem) {
    side.turns.pop();
    about.textContent = problem.name === "AbortError" ? "stopped" : `error: ${problem.message}`;
  }
}

async function send() {
  if (stopper || !form.reportValidity()) return;
  const text = said.value;
  said.value = "";
  stopper = new AbortController();
  byId("stop").disabled = false;
  byId("send").disabled = true;
  message.textContent = "Answering…";
  await Promise.all(sides.filter(side => side.version.value !== "").map(side => ask(side, text, stopper.signal)));
  stopper = null;
  byId("stop").disabled = true;
  byId("send").disabled = false;
  message.textContent = "";
  said.focus();
}

function clear(side) {
  side.turns = [];
  side.pane.querySelector(".turns").replaceChildren();
  name(side);
}

form.addEventListener("submit", event => { event.preventDefault(); send(); });
said.addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
});
byId("stop").addEventListener("click", () => stopper?.abort());
byId("anew").addEventListener("click", () => sides.forEach(clear));
for (const side of sides) {
  side.version.addEventListener("change", () => clear(side));
  name(side);
}
