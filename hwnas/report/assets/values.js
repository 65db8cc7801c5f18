"use strict";
// Values of choices over time: a slider above each heat map that has a history.
for (const slider of document.querySelectorAll("input[data-map]")) {
  const data = JSON.parse(document.getElementById(`${slider.dataset.map}-history`).textContent);
  const cells = [...document.querySelectorAll(`#${slider.dataset.map} td`)];
  const said = slider.parentElement.querySelector("output");
  const unit = data.unit && ` ${data.unit}`;
  const written = (number) => {
    const text = (Math.abs(number) / 10 ** data.decimals).toFixed(data.decimals);
    return `${number < 0 ? "-" : "+"}${text}`;
  };
  const show = () => {
    const moment = data.moments[slider.value];
    data.values[slider.value].forEach((number, index) => {
      const cell = cells[index], tone = number > 0 ? "--plus" : "--minus";
      cell.style.setProperty("--cell", `rgba(var(${tone}),${(0.75 * Math.abs(number) / data.most).toFixed(2)})`);
      cell.firstElementChild.textContent = written(number);
      cell.dataset.tip = `${cell.dataset.name}\n${written(number)}${unit}, ${moment}`;
    });
    said.textContent = moment;
    slider.setAttribute("aria-valuetext", moment);
  };
  slider.addEventListener("input", show);
  slider.parentElement.hidden = false;
  show();
}
