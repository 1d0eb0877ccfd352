import { compareNames } from "../../lib/team.js";
import { bars } from "./bars.js";
import { isWaitingCall } from "./board.js";
import { columns } from "./columns.js";
import { $, h, keyed, write } from "../dom.js";
import { brief } from "../format.js";
import { isTeamKnown } from "../known.js";

/** @typedef {import("../../switchroom.js").Switchroom} Switchroom */

/**
 * The server's figures.
 *
 * @typedef {object} Stats
 * @property {number} answered
 * @property {number} missed
 * @property {{ median_s: number, p90_s: number } | null} time_to_answer
 * @property {number} waiting_now
 * @property {{ user_id: string, name: string | null, answered: number, talk_s: number }[]} agents
 * @property {{ at: string, answered: number, missed: number }[]} hours
 */

/**
 * Today's figures and charts, requested again after each call and every 30 seconds.
 *
 * @param {Switchroom} phone
 */
export function mountCharts(phone) {
  /** @type {Stats | null} */
  let stats = null;
  let timer = 0;
  const draw = () => {
    drawFigures(phone, stats);
    if (stats) drawCharts(stats);
  };
  const ask = async () => {
    isSoon = false;
    clearTimeout(timer);
    timer = window.setTimeout(ask, 30_000);
    if (document.visibilityState === "hidden") return;
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    stats = await phone.get(`stats?since=${midnight.toISOString()}`).catch(() => stats);
    draw();
  };
  let isSoon = false;
  const soon = () => {
    if (isSoon) return;
    isSoon = true;
    clearTimeout(timer);
    timer = window.setTimeout(ask, 1500);
  };
  phone.on("calls", () => drawFigures(phone, stats));
  phone.on("readiness", () => drawFigures(phone, stats));
  phone.on("call", (call) => (call.answered_at || call.ended_at) && soon());
  phone.on("stream", (state) => state === "open" && soon());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && soon());
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) < 2) return;
    width = entry.contentRect.width;
    draw();
  }).observe($("charts"));
  drawFigures(phone, stats);
}

/**
 * @param {Switchroom} phone
 * @param {Stats | null} stats
 */
function drawFigures(phone, stats) {
  const waiting = phone.calls.filter(isWaitingCall).length;
  const isKnown = isTeamKnown(phone);
  const times = stats?.time_to_answer;
  const rows = [
    { name: "Waiting now", value: isKnown ? String(waiting) : "–", alarm: isKnown && waiting > 0 },
    { name: "Answered today", value: stats ? String(stats.answered) : "–", alarm: false },
    { name: "Missed today", value: stats ? String(stats.missed) : "–", alarm: false },
    { name: "Median time to answer", value: times ? brief(times.median_s) : "–", alarm: false },
    { name: "90 % answered within", value: times ? brief(times.p90_s) : "–", alarm: false },
  ];
  const create = () => h("div", {}, h("dt"), h("dd"));
  keyed($("figures"), rows, (row) => row.name, create, (element, row) => {
    element.className = row.alarm ? "alarm" : "";
    write(element.firstChild, row.name);
    write(element.lastChild, row.value);
  });
}

/** @param {Stats} stats */
function drawCharts(stats) {
  const answering = stats.agents.filter((agent) => agent.answered > 0);
  const agents = answering.sort((a, b) => b.answered - a.answered || compareNames(a, b));
  const hours = stats.hours.map(({ at, answered, missed }) => ({ name: hour(at), answered, missed }));
  const charts = [
    {
      title: "Calls by hour",
      head: ["Hour", "Answered", "Missed"],
      rows: hours.map((one) => [one.name, String(one.answered), String(one.missed)]),
      draw: (/** @type {number} */ width) => columns(hours, width),
      legend: true,
    },
    {
      title: "Calls by agent",
      head: ["Agent", "Answered", "Talked"],
      rows: agents.map((one) => [one.name ?? "No name", String(one.answered), brief(one.talk_s)]),
      draw: (/** @type {number} */ width) =>
        bars(agents.map((one) => ({ name: one.name ?? "No name", value: one.answered })), width),
      legend: false,
    },
  ];
  keyed($("charts"), charts, (chart) => chart.title, createChart, (element, chart) => element.update(chart));
}

/** @param {{ title: string, legend: boolean }} chart */
function createChart({ title, legend }) {
  const drawing = h("div.drawing");
  const table = h("div.scroll", { tabIndex: 0, role: "region", "aria-label": `${title}, as a table` });
  table.hidden = true;
  const toggle = h("button.link", { type: "button", "aria-pressed": "false", "aria-label": `${title} as a table` }, "Table");
  const key = h("p.legend", { "aria-hidden": "true" }, h("span", {}, "Answered"), h("span.missed", {}, "Missed"));
  const figure = h("figure.chart", {}, h("figcaption", {}, h("h2", {}, title), toggle), drawing, legend && key, table);
  toggle.addEventListener("click", () => {
    table.hidden = !table.hidden;
    drawing.hidden = !table.hidden;
    key.hidden = drawing.hidden;
    toggle.setAttribute("aria-pressed", String(!table.hidden));
  });
  let shown = "";
  figure.update = (/** @type {any} */ chart) => {
    // A new figure has no width until it is part of the page.
    if (!figure.isConnected) return void requestAnimationFrame(() => figure.isConnected && figure.update(chart));
    const width = Math.max(220, figure.clientWidth - 34);
    const now = JSON.stringify([chart.rows, width]);
    if (now === shown) return;
    shown = now;
    const cells = (/** @type {string[]} */ row) => row.map((cell, at) => h(at === 0 ? "th" : "td", at === 0 ? { scope: "row" } : {}, cell));
    table.replaceChildren(
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...chart.head.map((/** @type {string} */ cell) => h("th", { scope: "col" }, cell)))),
        h("tbody", {}, ...chart.rows.map((/** @type {string[]} */ row) => h("tr", {}, ...cells(row)))),
      ),
    );
    drawing.replaceChildren(chart.rows.length > 0 ? chart.draw(width) : h("p.none", {}, "No calls yet today."));
  };
  return figure;
}

/** @param {string} at */
const hour = (at) => new Date(at).toLocaleTimeString([], { hour: "numeric" });
