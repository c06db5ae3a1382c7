// The interactive figure: drag the stake and see growth, ruin and the paths of wealth. No library, no network.
"use strict";
const Kelly = {
  // growth of a bet, nats: p log(1 + b f) + q log(1 - f)
  growth(f, p, b) {
    return (p > 0 ? p * Math.log1p(b * f) : 0) + (p < 1 ? (1 - p) * Math.log1p(-f) : 0);
  },
  fraction(p, b) {
    return Math.max(0, p - (1 - p) / b);
  },
  // the stake beyond which wealth shrinks: the positive root of growth, by bisection
  breakEven(p, b) {
    let low = Kelly.fraction(p, b), high = 1;
    if (low === 0) return 0;
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      if (Kelly.growth(middle, p, b) > 0) low = middle; else high = middle;
    }
    return low;
  },
  // log wealth after n bets of which x were won
  logWealth(x, n, f, b) {
    return (x ? x * Math.log1p(b * f) : 0) + (n > x ? (n - x) * Math.log1p(-f) : 0);
  },
  // P(X <= x) for x = 0..n, X binomial (n, p)
  cumulative(n, p) {
    const cdf = [];
    let logs = n * Math.log1p(-p), sum = 0;
    for (let x = 0; x <= n; x++) {
      sum += Math.exp(logs);
      cdf.push(Math.min(1, sum));
      logs += Math.log((n - x) / (x + 1)) + Math.log(p) - Math.log1p(-p);
    }
    return cdf;
  },
  quantile(cdf, level) {
    return Math.max(0, cdf.findIndex((c) => c >= level));
  },
  // exact probability that wealth after n bets is below its start
  behind(cdf, f, b) {
    const n = cdf.length - 1;
    let x = -1;
    while (x < n && Kelly.logWealth(x + 1, n, f, b) < 0) x++;
    return x < 0 ? 0 : cdf[x];
  },
  // uniform numbers from a seed (mulberry32)
  random(seed) {
    return () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  },
};

Kelly.figure = function (box) {
  const N = 200, PATHS = 16, LEFT = 46, RIGHT = 350, TOP = 12, BOTTOM = 220;
  const start = { p: 0.6, b: 1, f: 0.2 };
  const slider = (name, text, min, max, step) =>
    `<label>${text} <span class="value"></span><input type="range" name="${name}" min="${min}" max="${max}" step="${step}" value="${start[name]}"></label>`;
  const frame = (name, label, x, y) => `<svg class="${name}" viewBox="0 0 360 256" role="img" aria-label="${label}">
    <clipPath id="clip-${name}"><rect x="${LEFT}" y="${TOP}" width="${RIGHT - LEFT}" height="${BOTTOM - TOP}"/></clipPath>
    <g class="ticks"></g><g class="plot" clip-path="url(#clip-${name})"></g><g class="notes"></g>
    <text x="${(LEFT + RIGHT) / 2}" y="252" text-anchor="middle">${x}</text>
    <text transform="translate(11 ${(TOP + BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${y}</text></svg>`;
  box.innerHTML = `<div class="controls">${slider("f", "stake", 0, 1, 0.005)}
      ${slider("p", "probability of winning", 0.05, 0.95, 0.01)}${slider("b", "net odds", 0.2, 5, 0.1)}
      <button type="button">new tosses</button></div>
    <div class="panels">${frame("growth", "Growth against the stake; drag to change the stake", "stake, share of wealth", "growth, nats per bet")}
    ${frame("wealth", `Paths of wealth over ${N} bets on a logarithmic scale`, "bets", "wealth, start = 1")}</div>
    <output aria-live="polite"></output>`;
  const inputs = Object.fromEntries([...box.querySelectorAll("input")].map((i) => [i.name, i]));
  const [growthBox, wealthBox] = box.querySelectorAll("svg");
  const part = (svg, name) => svg.querySelector("." + name);
  let seed = 1956, tosses = [];

  function toss() {
    const random = Kelly.random(seed++);
    tosses = Array.from({ length: PATHS }, () => Array.from({ length: N }, random));
  }

  function draw() {
    const [f, p, b] = ["f", "p", "b"].map((name) => Number(inputs[name].value));
    for (const input of Object.values(inputs)) input.previousElementSibling.textContent = Number(input.value).toFixed(input.name === "f" ? 3 : 2);
    const best = Kelly.fraction(p, b), even = Kelly.breakEven(p, b), g = Kelly.growth(f, p, b), top = Kelly.growth(best, p, b);

    // growth against the stake
    const high = 1.3 * Math.max(top, 0.01), low = -1.6 * high;
    const x = (s) => LEFT + (RIGHT - LEFT) * s;
    const y = (v) => TOP + ((BOTTOM - TOP) * (high - Math.max(v, 2 * low))) / (high - low);
    const curve = Array.from({ length: 200 }, (_, i) => `${x(i / 200).toFixed(1)} ${y(Kelly.growth(i / 200, p, b)).toFixed(1)}`);
    part(growthBox, "ticks").innerHTML = [0, 0.2, 0.4, 0.6, 0.8, 1]
      .map((s) => `<text x="${x(s)}" y="236" text-anchor="middle">${s}</text>`).join("") +
      [0, top].filter((v, i) => !i || v > 0.15 * high).map((v) => `<text x="${LEFT - 4}" y="${y(v) + 4}" text-anchor="end">${v ? v.toFixed(3) : 0}</text>`).join("") +
      `<path class="axis" d="M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}"/>`;
    part(growthBox, "plot").innerHTML = `<rect class="ruinous" x="${x(even)}" y="${TOP}" width="${x(1) - x(even)}" height="${BOTTOM - TOP}"/>
      <path class="axis" d="M${LEFT} ${y(0)}H${RIGHT}"/><path class="best" d="M${x(best)} ${TOP}V${BOTTOM}"/>
      <path class="line" d="M${curve.join("L")}"/><path class="stake" d="M${x(f)} ${TOP}V${BOTTOM}"/>
      <circle class="handle" cx="${x(f)}" cy="${Math.min(BOTTOM - 4, y(g))}" r="7"/>`;
    part(growthBox, "notes").innerHTML = best > 0 ? `<text x="${x(best) + 4}" y="${BOTTOM - 6}">best ${best.toFixed(3)}</text>` : "";

    // wealth: exact quantiles of the binomial, and the same tosses for every stake
    const lucky = Kelly.logWealth(Kelly.quantile(Kelly.cumulative(N, p), 0.9), N, best, b);
    const range = Math.log(10) * Math.max(2, Math.ceil((1.1 * lucky) / Math.log(10)));
    const u = (n) => LEFT + ((RIGHT - LEFT) * n) / N;
    const v = (w) => TOP + ((BOTTOM - TOP) * (range - Math.max(-1.2 * range, Math.min(1.2 * range, w)))) / (2 * range);
    const point = (n, w) => `${u(n).toFixed(1)} ${v(w).toFixed(1)}`;
    const times = Array.from({ length: 41 }, (_, i) => (i * N) / 40), cdfs = times.map((n) => Kelly.cumulative(n, p));
    const band = (level) => times.map((n, i) => point(n, Kelly.logWealth(Kelly.quantile(cdfs[i], level), n, f, b)));
    const paths = tosses.map((path) => {
      let won = 0;
      return "M" + [point(0, 0), ...path.map((t, i) => point(i + 1, Kelly.logWealth((won += t < p), i + 1, f, b)))].join("L");
    });
    const powers = Math.round(range / Math.log(10)), step = Math.ceil(powers / 3);
    const marks = [];
    for (let k = -powers; k <= powers; k++) if (k % step === 0) marks.push(k);
    part(wealthBox, "ticks").innerHTML = marks.map((k) => `<text x="${LEFT - 4}" y="${v(k * Math.log(10)) + 4}" text-anchor="end">10<tspan dy="-4" font-size="8">${k}</tspan></text>`).join("") +
      [0, 50, 100, 150, 200].map((n) => `<text x="${u(n)}" y="236" text-anchor="middle">${n}</text>`).join("") +
      `<path class="axis" d="M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}"/>`;
    part(wealthBox, "plot").innerHTML = `<path class="band" d="M${[...band(0.9), ...band(0.1).reverse()].join("L")}Z"/>
      <path class="axis" d="M${LEFT} ${v(0)}H${RIGHT}"/>${paths.map((d) => `<path class="path" d="${d}"/>`).join("")}
      <path class="line" d="M${band(0.5).join("L")}"/>`;

    const behind = Kelly.behind(cdfs[40], f, b);
    const verdict = f === 0 ? "Nothing staked, nothing gained." : f === 1 ? "Ruin: the first loss takes everything."
      : g < 0 ? "Wealth shrinks to nothing in the long run." : f > best + 0.0025 ? "Overbetting: more risk than at the best stake, for less growth."
      : f < best - 0.0025 ? "Cautious: less growth than at the best stake, and less risk." : "The Kelly stake: the fastest growth there is.";
    box.querySelector("output").innerHTML = `<strong>${verdict}</strong> Growth ${isFinite(g) ? g.toFixed(4) : "−∞"} nats per bet (best ${top.toFixed(4)} at ${best.toFixed(3)}; negative above ${even.toFixed(3)}). ` +
      `Behind after ${N} bets with probability ${behind.toFixed(3)}. Line: median; band: 10 % to 90 %; thin: ${PATHS} bettors.`;
  }

  function drag(event) {
    const edge = growthBox.getBoundingClientRect();
    const at = ((event.clientX - edge.left) * 360) / edge.width;
    inputs.f.value = Math.max(0, Math.min(1, (at - LEFT) / (RIGHT - LEFT)));
    draw();
  }
  growthBox.addEventListener("pointerdown", (event) => { growthBox.setPointerCapture(event.pointerId); drag(event); });
  growthBox.addEventListener("pointermove", (event) => { if (growthBox.hasPointerCapture(event.pointerId)) drag(event); });
  box.querySelector("button").addEventListener("click", () => { toss(); draw(); });
  box.addEventListener("input", draw);
  toss();
  draw();
};

if (typeof document !== "undefined") {
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".kelly-play").forEach(Kelly.figure));
}
