// The page of a run. Everything that models or people wrote goes in as text, never as markup.

const byId = id => document.getElementById(id);
const modelNames = { base: "Base", fineTuned: "Fine-tuned", ppo: "PPO" };
const figureNames = { score: "Score", kl: "KL to the fine-tuned model", loss: "Loss", regression_loss: "Loss on ratings", pairwise_loss: "Loss on pairs" };
const figureOrder = Object.keys(figureNames);

let current = null;   // run id
let events = null;    // its EventSource
let ended = false;

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

const number = (value, digits = 2) =>
  value === null || value === undefined || !isFinite(value) ? "–" : value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
const percent = value => value === null || value === undefined ? "–" : number(100 * value, 1) + " %";

function duration(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

function showRun(run) {
  const state = byId("state");
  state.replaceChildren(element("b", "", run.name), ` · seed ${run.seed} · ${run.status} · ${duration(run.seconds)}`);
  byId("error").hidden = !run.error;
  byId("error").textContent = run.error ?? "";
  document.title = `${run.status === "running" ? "▶ " : ""}${run.name} – RlhfServices`;

  byId("stages").replaceChildren(...run.stages.map(stage => {
    const bar = element("progress");
    bar.max = Math.max(stage.wanted, 1);
    bar.value = stage.status === "succeeded" ? bar.max : stage.done;
    bar.setAttribute("aria-label", `${stage.name}: ${stage.done} of ${stage.wanted}`);
    const refused = stage.refused > 0 ? `, ${stage.refused} refused` : "";
    const counts = stage.status === "waiting" ? "" : `${stage.done} / ${stage.wanted} ${stage.unit}${refused && !stage.detail.includes("refused") ? refused : ""}`;
    return element("li", stage.status,
      element("span", "name", stage.name), bar,
      element("span", "counts", counts),
      element("span", "time", stage.status === "waiting" ? "" : duration(stage.seconds)),
      element("span", "detail", stage.detail));
  }));
}

const svgElement = (tag, attributes, text) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
};

function chart(curve) {
  const width = 360, height = 150, left = 46, right = 8, top = 8, bottom = 22;
  let low = Math.min(...curve.values), high = Math.max(...curve.values);
  if (high - low < 1e-9) { low -= 0.5; high += 0.5; }
  const firstStep = curve.steps[0], lastStep = Math.max(curve.steps.at(-1), firstStep + 1);
  const x = step => left + (step - firstStep) / (lastStep - firstStep) * (width - left - right);
  const y = value => top + (high - value) / (high - low) * (height - top - bottom);
  const svg = svgElement("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${curve.name} of ${curve.stage} over steps` });
  const digits = high - low < 1 ? 3 : 2;
  for (const value of [low, (low + high) / 2, high]) {
    svg.append(
      svgElement("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svgElement("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value, digits)));
  }
  svg.append(
    svgElement("text", { x: left, y: height - 6 }, `step ${firstStep}`),
    svgElement("text", { x: width - right, y: height - 6, "text-anchor": "end" }, `${curve.steps.at(-1)}`),
    svgElement("path", { class: "line", d: curve.steps.map((step, i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(curve.values[i]).toFixed(1)}`).join("") }),
    svgElement("circle", { class: "dot", cx: x(curve.steps.at(-1)), cy: y(curve.values.at(-1)), r: 3 }));
  return element("div", "card",
    element("h3", "", `${figureNames[curve.name] ?? curve.name} · ${curve.stage}`, element("span", "", number(curve.values.at(-1), digits))),
    svg);
}

function showDetails(details) {
  const curves = details.curves.filter(curve => curve.values.length > 0)
    .sort((a, b) => figureOrder.indexOf(a.name) - figureOrder.indexOf(b.name) || a.stage.localeCompare(b.stage));
  fill("curves", curves.map(chart));

  fill("answers", details.answers.map(sample => element("article", "sample",
    element("p", "prompt", sample.prompt, " ", sample.kind === "unknown" ? null : element("span", "tag", sample.kind)),
    element("div", "sides", ...Object.entries(sample.answers).map(([model, answer]) => element("div", "side",
      element("p", "who", modelNames[model] ?? model,
        answer.label ? element("span", `tag ${answer.label}`, answer.label) : null,
        answer.score === null ? null : element("span", "", `score ${number(answer.score)}`)),
      element("p", "text", answer.text)))))));

  fill("revisions", details.revisions.map(sample => element("article", "sample",
    element("p", "prompt", sample.prompt),
    element("div", "sides",
      side("Answer", sample.answer), side(`Critique under “${sample.principle}”`, sample.critique), side("Revision", sample.revision)))));

  fill("ratings", details.ratings.map(prompt => element("article", "sample",
    element("p", "prompt", prompt.prompt),
    element("p", "rated", ...prompt.answers.flatMap(answer => [
      element("b", "", number(answer.elo, 0)),
      element("span", "", answer.text, " ", element("small", "", `${answer.policy === "base" ? "base" : "fine-tuned"}, ${answer.comparisons} comparisons`))])))));
}

const side = (who, text) => element("div", "side", element("p", "who", who), element("p", "text", text));

function fill(id, children) {
  byId(`${id}-section`).hidden = children.length === 0;
  byId(id).replaceChildren(...children);
}

function showEvaluation(report) {
  const models = Object.entries(report.evaluation ?? {});
  byId("evaluation-section").hidden = models.length === 0;
  byId("evaluation").replaceChildren(...models.map(([name, result]) => {
    const list = element("dl");
    const add = (term, value) => list.append(element("dt", "", term), element("dd", "", value));
    add("Complies with harmful requests", percent(result.harmfulCompliance));
    add("Helps with harmless requests", percent(result.harmlessHelpfulness));
    add("Mean score", number(result.meanScore));
    add("Prompts", String(result.prompts));
    return element("div", "card", element("h3", "", modelNames[name] ?? name), list);
  }));
  const note = models.map(([, result]) => result.oracleNote).find(text => text);
  byId("oracle-note").hidden = !note;
  byId("oracle-note").textContent = note ? `No shares: ${note}.` : "";
}

async function getJson(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function refreshDetails() {
  if (!current) return;
  const path = `/api/runs/${encodeURIComponent(current)}`;
  showDetails(await getJson(`${path}/details`));
  showEvaluation(await getJson(`${path}/report`));
}

function watch(runId) {
  current = runId;
  ended = false;
  byId("report").hidden = false;
  byId("report").href = `/api/runs/${encodeURIComponent(runId)}/report`;
  events?.close();
  events = new EventSource(`/api/runs/${encodeURIComponent(runId)}/events`);
  events.addEventListener("run", async event => {
    const run = JSON.parse(event.data);
    showRun(run);
    const endsNow = run.status !== "running" && !ended;
    ended = run.status !== "running";
    if (endsNow) await refreshDetails();
  });
  refreshDetails();
}

async function refreshRuns() {
  const runs = await getJson("/api/runs");
  const picker = byId("runs");
  const known = [...picker.options].map(option => option.value).join();
  if (known === runs.map(run => run.runId).join()) return;
  const newest = runs[0]?.runId;
  const follow = !current || picker.value === picker.options[0]?.value;
  picker.replaceChildren(...runs.map(run => new Option(run.runId, run.runId)));
  if (follow && newest && newest !== current) watch(newest);
  picker.value = current ?? "";
}

byId("runs").addEventListener("change", event => watch(event.target.value));

async function loop() {
  try {
    await refreshRuns();
    if (!ended) await refreshDetails();
  } catch (problem) {
    byId("state").textContent = `The Coordinator does not answer (${problem.message}); trying again…`;
  }
  setTimeout(loop, 2000);
}
loop();
