"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const make = (tag, css, text) => {
    const node = document.createElement(tag);
    if (css) node.className = css;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const digits = (value, count) => Number(value.toPrecision(count)).toLocaleString("en", { maximumFractionDigits: 12, useGrouping: value >= 1e4 });
  const ms = (value) => `${digits(value, 4)} ms`;
  const big = (value) => value >= 1e9 ? `${digits(value / 1e9, 4)} G` : value >= 1e6 ? `${digits(value / 1e6, 4)} M` : value >= 1e3 ? `${digits(value / 1e3, 4)} K` : `${value}`;
  const scored = (value) => data.unit === "%" ? `${value.toFixed(2)} %` : `${digits(value, 6)} ${data.unit}`;
  const sum = (net, key) => net.reduce((total, one) => total + (data.blocks[one][key] || 0), 0);

  // What stands beside the pointer, in every chart.
  const tip = make("div", "tip");
  tip.hidden = true;
  document.body.append(tip);
  const showTip = (event, text) => {
    tip.textContent = text;
    tip.hidden = false;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 16;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 12 : below}px`;
  };
  const hideTip = () => { tip.hidden = true; };
  const nearest = (plot, event, count, place, seen) => {
    const box = plot.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, least = 26 * 26;
    for (let i = 0; i < count; i++) {
      if (seen && !seen(i)) continue;
      const [px, py] = place(i);
      const dx = px * box.width - x, dy = (1 - py) * box.height - y;
      const distance = dx * dx + dy * dy;
      if (distance < least) { least = distance; best = i; }
    }
    return best;
  };
  for (const plot of document.querySelectorAll(".plot")) {
    const tips = [...plot.querySelectorAll(".tips i")];
    if (!tips.length) continue;
    const places = tips.map((one) => [Number(one.dataset.x), Number(one.dataset.y)]);
    plot.addEventListener("pointermove", (event) => {
      const found = nearest(plot, event, tips.length, (i) => places[i]);
      if (found < 0) hideTip(); else showTip(event, tips[found].dataset.tip);
    });
    plot.addEventListener("pointerleave", hideTip);
  }
  for (const table of document.querySelectorAll("[data-cell-tips]")) {
    table.addEventListener("pointermove", (event) => {
      const cell = event.target.closest("[data-tip]");
      if (cell) showTip(event, cell.dataset.tip); else hideTip();
    });
    table.addEventListener("pointerleave", hideTip);
  }
  for (const button of document.querySelectorAll(".command button")) copies(button);
  function copies(button) {
    button.addEventListener("click", async () => {
      const code = button.previousElementSibling;
      try { await navigator.clipboard.writeText(code.textContent); button.textContent = "copied"; }
      catch { getSelection().selectAllChildren(code); button.textContent = "selected"; }
    });
  }
  addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details")) one.open = true; });

  // The front, and the networks that were judged.
  const plot = document.querySelector("#front-chart .plot");
  if (!plot) return;
  const { x: ax, y: ay } = data.axes;
  const place = (i) => [(data.ms[i] - ax[0]) / (ax[1] - ax[0]), (data.score[i] - ay[0]) / (ay[1] - ay[0])];
  const inside = (i) => { const [x, y] = place(i); return x >= 0 && x <= 1 && y >= 0 && y <= 1; };
  const onFront = new Map(data.front.map((point, index) => [point, index]));
  let shown = (1 << data.groups.length) - 1, over = true, chosen = -1;
  const seen = (i) => inside(i) && (onFront.has(i) && data.solid || ((data.by[i] & shown) !== 0 && (over || data.ok[i])));
  const rings = ["", " chosen"].map((css) => { const ring = make("div", `ring${css}`); ring.hidden = true; plot.append(ring); return ring; });
  const put = (ring, i) => {
    ring.hidden = i < 0;
    if (i < 0) return;
    const [x, y] = place(i);
    ring.style.left = `${100 * x}%`;
    ring.style.top = `${100 * (1 - y)}%`;
  };
  const groupsOf = (i) => data.groups.filter((_, g) => data.by[i] >> g & 1).join(", ") || "an earlier search";
  const marks = (i) => [i === data.winner && "exported winner", i !== data.winner && data.picked.includes(i) && "exported on request", i === data.knee && "knee of the front", onFront.has(i) && i !== data.winner && i !== data.knee && data.mark, !data.ok[i] && "over a budget"].filter(Boolean).join(", ");
  const lines = (i) => [
    `${data.id[i]}${marks(i) ? ` (${marks(i)})` : ""}`,
    `${data.called}: ${scored(data.score[i])}${data.interval[i] ? ` (${data.interval[i]})` : ""}`,
    `predicted: ${ms(data.ms[i])}`,
    ...(data.notes[i] || []),
    `${big(sum(data.net[i], "macs"))} MACs, ${big(sum(data.net[i], "params"))} parameters`,
    `${data.by_word} ${groupsOf(i)}`,
    `architecture ${data.arch[i]}`,
  ].join("\n");
  const at = (event) => nearest(plot, event, data.ms.length, place, seen);
  plot.addEventListener("pointermove", (event) => {
    const found = at(event);
    put(rings[0], found);
    if (found < 0) hideTip(); else showTip(event, lines(found));
  });
  plot.addEventListener("pointerleave", () => { put(rings[0], -1); hideTip(); });
  plot.addEventListener("click", (event) => { const found = at(event); if (found >= 0) choose(found); });
  plot.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 };
    const last = data.front.length - 1;
    let index = onFront.has(chosen) ? onFront.get(chosen) : last;
    if (event.key in steps) index += steps[event.key];
    else if (event.key === "Home") index = 0;
    else if (event.key === "End") index = last;
    else if (event.key === "Escape") { hideTip(); return; }
    else return;
    event.preventDefault();
    if (last >= 0) choose(data.front[Math.max(0, Math.min(last, index))]);
  });
  for (const button of document.querySelectorAll("#front-legend button")) {
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(pressed));
      if ("over" in button.dataset) over = pressed;
      else shown = pressed ? shown | 1 << Number(button.dataset.group) : shown & ~(1 << Number(button.dataset.group));
      for (const path of plot.querySelectorAll("path[data-group]")) {
        const on = shown >> Number(path.dataset.group) & 1 && (over || !("over" in path.dataset));
        path.style.display = on ? "" : "none";
      }
      put(rings[0], -1);
    });
  }
  for (const button of document.querySelectorAll("button[data-front]")) {
    button.addEventListener("click", () => choose(data.front[Number(button.dataset.front)]));
  }

  // One network: its figures, and its blocks beside the reference's.
  function choose(i) {
    chosen = i;
    put(rings[1], inside(i) ? i : -1);
    if (onFront.has(i)) plot.setAttribute("aria-valuenow", String(onFront.get(i)));
    plot.setAttribute("aria-valuetext", `${data.id[i]}, ${scored(data.score[i])}, ${ms(data.ms[i])}${marks(i) ? `, ${marks(i)}` : ""}`);
    for (const button of document.querySelectorAll("button[data-front]")) {
      const here = data.front[Number(button.dataset.front)] === i;
      button.setAttribute("aria-pressed", String(here));
      button.closest("tr").classList.toggle("chosen", here);
    }
    card(i);
    blocks(i);
  }
  // Of some things there is one for all groups, or one a group.
  const ofGroup = (list, i) => list[list.length > 1 ? Math.log2(data.by[i] & -data.by[i]) : 0];
  const reference = (i) => ofGroup(data.references, i) || null;
  function card(i) {
    const panel = byId("network-card");
    panel.replaceChildren(make("h3", "", `Network ${data.id[i]}`));
    if (marks(i)) panel.append(make("p", "small", marks(i)));
    const list = make("dl");
    const add = (name, value) => { list.append(make("dt", "", name), make("dd", "", value)); };
    const other = reference(i);
    add(data.called, `${scored(data.score[i])}${data.interval[i] ? ` (${data.interval[i]})` : ""}`);
    add("predicted", ms(data.ms[i]));
    if (other && other.ms) {
      const share = 100 * (data.ms[i] / other.ms - 1);
      add("beside the reference", `${Math.abs(share).toFixed(1)} % ${share < 0 ? "faster" : "slower"}`);
    }
    for (const note of data.notes[i] || []) { const [name, value] = note.split(": "); add(name, value || ""); }
    add("MACs", big(sum(data.net[i], "macs")));
    add("parameters", big(sum(data.net[i], "params")));
    add(data.by_word, groupsOf(i));
    panel.append(list, make("p", "small", `architecture ${data.arch[i]}`));
    const command = ofGroup(data.exports, i);
    if (command) {
      const box = make("div", "command no-print"), button = make("button", "", "copy");
      box.append(make("code", "", command.replace(/ID$/, data.id[i])), button);
      copies(button);
      panel.append(box);
    }
  }
  const stages = (net) => {
    const found = [];
    let before = null;
    for (const number of net) {
      const block = data.blocks[number];
      if (!before || block.out !== before.out || block.px !== before.px) found.push([]);
      found[found.length - 1].push(block);
      before = block;
    }
    return found;
  };
  function glyph(block) {
    const half = (channels) => 1.2 + 14 * Math.sqrt(channels / data.widest);
    const [a, b, c] = [half(block.in), half(block.mid), half(block.out)];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 72 32");
    svg.setAttribute("class", "glyph");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    if (block.skip) { path.setAttribute("class", "through"); path.setAttribute("d", "M0 16H72"); }
    else path.setAttribute("d", `M1 ${16 - a}L22 ${16 - b}H50L71 ${16 - c}V${16 + c}L50 ${16 + b}H22L1 ${16 + a}Z`);
    path.style.setProperty("--k", String(Math.max(0, (block.k - 1) / 2)));
    svg.append(path);
    return svg;
  }
  const words = (block, css) => {
    const node = make("div", css + (block.skip ? " skipped" : ""), block.title);
    node.title = block.name;
    if (block.detail) node.append(make("small", "", block.detail));
    return node;
  };
  const bar = (value, most, css) => {
    const node = make("div", css), length = make("i");
    length.style.width = `${Math.max(0, 100 * (value || 0) / most) * .62}%`;
    node.append(length, value === null ? "not timed" : value ? ms(value) : "–");
    return node;
  };
  function blocks(i) {
    const own = stages(data.net[i]), known = reference(i), other = known ? stages(known.net) : [];
    const every = [...data.net[i], ...(known ? known.net : [])].map((one) => data.blocks[one].ms || 0);
    const most = Math.max(...every, 1e-12);
    const list = byId("network-blocks");
    const head = make("li", "head");
    head.append(make("span"), make("span", "", `network ${data.id[i]}`), make("span", "", "milliseconds"), make("span", "", known ? known.name : ""));
    const rows = [head];
    for (let s = 0; s < Math.max(own.length, other.length); s++) {
      const mine = own[s] || [], its = other[s] || [];
      for (let r = 0; r < Math.max(mine.length, its.length); r++) {
        const row = make("li", r === 0 && s ? "stage" : ""), bars = make("div", "bars");
        row.append(mine[r] ? glyph(mine[r]) : make("span"));
        row.append(mine[r] ? words(mine[r], "own") : make("div", "own skipped", "left out"));
        if (mine[r]) bars.append(bar(mine[r].skip ? 0 : mine[r].ms, most, "of-network"));
        if (its[r]) bars.append(bar(its[r].skip ? 0 : its[r].ms, most, "of-reference"));
        row.append(bars);
        if (known) row.append(its[r] ? words(its[r], mine[r] && mine[r].name === its[r].name ? "other same" : "other") : make("div", "other skipped", "left out"));
        rows.push(row);
      }
    }
    list.replaceChildren(...rows);
    byId("network-name").textContent = `Network ${data.id[i]}, block by block`;
    const rest = data.ms[i] - sum(data.net[i], "ms");
    byId("network-total").textContent = [
      `${ms(data.ms[i])} in all`,
      rest > 0.005 * data.ms[i] ? `of which ${ms(rest)} start every inference` : "",
      known && known.ms ? `${known.name}: ${ms(known.ms)}` : "",
    ].filter(Boolean).join("; ") + ".";
  }
  if (data.start >= 0) choose(data.start);
})();
