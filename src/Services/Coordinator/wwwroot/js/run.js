// The page of one run: follows it while it goes, and zooms curves.

import { refresh, throttled } from "./live.js";

const runId = document.querySelector("script[data-run]").dataset.run;
const parts = pace => [...document.querySelectorAll(`[data-live="${pace}"]`)];
const refreshFast = throttled(() => Promise.all(parts("fast").map(refresh)), 400);
const refreshSlow = throttled(() => Promise.all(parts("slow").map(refresh)), 2000);

let status = null;
new EventSource(`/api/runs/${encodeURIComponent(runId)}/events`).addEventListener("run", event => {
  const run = JSON.parse(event.data);
  for (const action of document.querySelectorAll("[data-when]")) action.hidden = !action.dataset.when.split(" ").includes(run.status);
  if (run.status === "running" || (status !== null && status !== run.status)) {
    refreshFast();
    refreshSlow();
  }
  status = run.status;
});

const curves = document.querySelector("#curves [data-part]");

function show(address) {
  history.replaceState(null, "", address);
  return refresh(curves);
}

curves.addEventListener("click", event => {
  const link = event.target.closest("a[data-zoom]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link.href);
});

// Where a pointer is on a curve: the step, and the point nearest to it.
function locate(svg, event) {
  const box = svg.getBoundingClientRect();
  const { left, right, from, to } = Object.fromEntries(["left", "right", "from", "to"].map(name => [name, Number(svg.dataset[name])]));
  const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
  const step = from + Math.min(1, Math.max(0, (x - left) / (right - left))) * (to - from);
  return { x: Math.min(right, Math.max(left, x)), step };
}

function nearest(svg, step) {
  let best = null;
  for (const text of svg.dataset.points.split(" ")) {
    const [at, value] = text.split(":").map(Number);
    if (best === null || Math.abs(at - step) < Math.abs(best.at - step)) best = { at, value };
  }
  return best;
}

let drag = null;

curves.addEventListener("pointerdown", event => {
  const svg = event.target.closest("svg.chart");
  if (!svg || event.button !== 0) return;
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ class: "selection", y: 0, height: 150, width: 0 })) mark.setAttribute(name, value);
  svg.append(mark);
  drag = { svg, mark, start: locate(svg, event) };
  svg.setPointerCapture(event.pointerId);
});

curves.addEventListener("pointermove", event => {
  const svg = event.target.closest("svg.chart");
  if (!svg || !svg.dataset.points) return;
  const here = locate(svg, event), point = nearest(svg, here.step);
  svg.closest("figure").querySelector("output").textContent = `step ${point.at}: ${point.value.toLocaleString("en", { maximumSignificantDigits: 4 })}`;
  if (drag?.svg === svg) {
    drag.mark.setAttribute("x", Math.min(here.x, drag.start.x));
    drag.mark.setAttribute("width", Math.abs(here.x - drag.start.x));
  }
});

curves.addEventListener("pointerup", event => {
  if (!drag) return;
  const { svg, mark, start } = drag, end = locate(svg, event);
  drag = null;
  mark.remove();
  if (Math.abs(end.x - start.x) < 6) return;
  const { stage, figure } = svg.closest("figure").dataset;
  const [from, to] = [start.step, end.step].sort((a, b) => a - b);
  const address = new URL(location.href);
  const others = address.searchParams.getAll("zoom").filter(zoom => !zoom.startsWith(`${stage}~${figure}~`));
  address.searchParams.delete("zoom");
  for (const zoom of others) address.searchParams.append("zoom", zoom);
  address.searchParams.append("zoom", `${stage}~${figure}~${Math.floor(from)}~${Math.max(Math.floor(from) + 1, Math.ceil(to))}`);
  show(address);
});
