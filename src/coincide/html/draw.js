"use strict";
// Draws each chart of the page from the JSON beside it. Where this does not run, the tables say the same.
(() => {
  const ink = "currentColor", font = 'system-ui, "Noto Sans", sans-serif';
  const config = {
    aria: false, // what is around it is named in words, and described by the caption
    background: null,
    font,
    axis: {
      labelColor: ink, titleColor: ink, domainColor: ink, tickColor: ink, gridColor: "var(--grid)",
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
    },
    bar: { color: "var(--bar)" },
    rect: { color: "var(--bar)", stroke: "var(--paper)", strokeWidth: 1 },
    rule: { color: "var(--observed)", size: 3 },
    text: { color: ink, fontSize: 13, fontWeight: "bold", baseline: "bottom" },
    view: { stroke: null },
  };
  for (const figure of document.querySelectorAll("figure.chart")) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    figure.hidden = false; // first, because a chart is as wide as what it stands in
    const compiled = vegaLite.compile(spec, { config }).spec;
    // Expressions are read from a tree: the page may make no code of text (vega.github.io/vega/usage/interpreter).
    new vega.View(vega.parse(compiled, null, { ast: true }), {
      expr: expressionInterpreter, renderer: "svg", container: figure.querySelector(".plot > div"),
    }).runAsync();
  }
})();
