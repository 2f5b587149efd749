// Draws <figure data-chart="id"> from the JSON script tag of that id; the table below it is the accessible form.
//
// { kind: "bars" | "stacked", labels: ["09", …], series: [{title, tone, values, axis}], currency? }
// `kind` "stacked" puts the series on top of each other; `axis: "money"` puts a series on the right as a line.
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const drawn = new WeakMap();

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = (tone) => token(`--chart-${tone}`);

/** Series piled up: the top one first, so that each lower one is painted over it. */
function pile(series) {
  const sums = [];
  return series
    .map((one) => ({
      ...one,
      shown: one.values.map((value, at) => (sums[at] = (sums[at] ?? 0) + (value ?? 0))),
    }))
    .reverse();
}

/** Later bars are slimmer, so that one standing in front of a shorter one does not hide it. */
function bars(wide, most) {
  return uPlot.paths.bars({ size: [wide, most], radius: 0.15 });
}

function lineUp(data) {
  const money = data.series.filter((one) => one.axis === "money");
  const counts = data.series.filter((one) => one.axis !== "money");
  const shown = data.kind === "stacked" ? pile(counts) : counts.map((one) => ({ ...one, shown: one.values }));
  return [...shown, ...money.map((one) => ({ ...one, shown: one.values }))];
}

function options(data, series, width) {
  const ink = token("--ink-3");
  const grid = { stroke: token("--line"), width: 1 };
  const axis = { stroke: ink, font: FONT, ticks: { show: false }, grid };
  const hasMoney = series.some((one) => one.axis === "money");
  const whole = (ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick.toLocaleString("en-US") : ""));
  const cash = (value) =>
    value.toLocaleString("en-US", { style: "currency", currency: data.currency || "USD", maximumFractionDigits: 0 });
  // Whole amounts only: $2.50 would have to be written as $3.
  const steps = [1, 2, 5].map((one) => [1, 10, 100, 1e3, 1e4, 1e5, 1e6].map((ten) => one * ten)).flat().sort((a, b) => a - b);
  const every = Math.ceil(data.labels.length / Math.max(Math.floor(width / 56), 2));
  return {
    width,
    height: 180,
    padding: [12, hasMoney ? 0 : 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: [-0.6, data.labels.length - 0.4] },
      y: { range: (plot, low, high) => [0, Math.max(high * 1.12, 4)] },
      money: { range: (plot, low, high) => [0, Math.max(high * 1.12, 4)] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        grid: { show: false },
        splits: () => data.labels.map((label, at) => at).filter((at) => at % every === 0),
        values: (plot, ticks) => ticks.map((at) => data.labels[at]),
      },
      { ...axis, size: 44, values: (plot, ticks) => whole(ticks) },
      ...(hasMoney
        ? [{ ...axis, side: 1, scale: "money", size: 56, incrs: steps, grid: { show: false }, values: (plot, ticks) => ticks.map(cash) }]
        : []),
    ],
    series: [
      {},
      ...series.map((one, at) => {
        const slim = data.kind !== "stacked" && at > 0;
        const stroke = colour(one.tone);
        return one.axis === "money"
          ? { label: one.title, scale: "money", stroke, width: 2, points: { show: true, size: 5, fill: stroke } }
          : { label: one.title, stroke, fill: stroke, width: 0, paths: slim ? bars(0.36, 16) : bars(0.7, 32), points: { show: false } };
      }),
    ],
  };
}

function legend(figure, data) {
  const list = figure.querySelector("[data-chart-legend]") ?? document.createElement("ul");
  list.className = "plot__legend";
  list.dataset.chartLegend = "";
  list.ariaHidden = "true";
  list.replaceChildren(
    ...data.series.map((one) => {
      const item = document.createElement("li");
      item.className = `plot__key plot__key--${one.tone}`;
      item.textContent = one.title;
      return item;
    }),
  );
  figure.querySelector("figcaption").after(list);
}

/** What the pointer is over, in words above the chart. */
function reader(figure, data) {
  const words = document.createElement("output");
  words.className = "plot__read";
  figure.querySelector("figcaption").append(words);
  return (plot) => {
    const at = plot.cursor.idx;
    const row = at == null ? null : data.table[at];
    words.textContent = row
      ? `${row[0]}: ${data.series.map((one, n) => `${row[n + 1]} ${one.title.toLowerCase()}`).join(", ")}`
      : "";
  };
}

function draw(figure) {
  const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const canvas = figure.querySelector("[data-chart-canvas]");
  const series = lineUp(data);
  figure.querySelector(".plot__read")?.remove();
  drawn.get(figure)?.destroy();
  const setup = options(data, series, canvas.clientWidth);
  setup.hooks = { setCursor: [reader(figure, data)] };
  const columns = [data.labels.map((label, at) => at), ...series.map((one) => one.shown)];
  drawn.set(figure, new uPlot(setup, columns, canvas));
  legend(figure, data);
}

function start() {
  for (const figure of document.querySelectorAll("[data-chart]")) {
    if (drawn.has(figure)) continue;
    draw(figure);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      const plot = drawn.get(figure);
      if (width > 0 && plot && plot.width !== width) draw(figure);
    }).observe(figure.querySelector("[data-chart-canvas]"));
  }
}

document.addEventListener("htmx:afterSettle", start);
document.addEventListener("themechange", () => {
  for (const figure of document.querySelectorAll("[data-chart]")) if (drawn.has(figure)) draw(figure);
});
start();
