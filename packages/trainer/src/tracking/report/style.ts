/** The report's own style sheet: readable in light and dark, on a phone and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c2024; --muted: #60646c; --line: #e0e2e6; --page: #fcfcfd; --card: #fff;
  --good: #18794e; --bad: #ca244d; --accent: #0d74ce; }
@media (prefers-color-scheme: dark) { :root { --text: #edeef0; --muted: #b0b4ba; --line: #363a3f; --page: #111113;
  --card: #18191b; --good: #3dd68c; --bad: #ff949d; --accent: #70b8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 32px 20px 64px; background: var(--page); color: var(--text);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 40px 0 12px; } h3 { font-size: 15px; margin: 0; }
p { margin: 0 0 12px; } .muted, figcaption { color: var(--muted); font-size: 13px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 0; }
.facts dt { color: var(--muted); font-size: 12px; } .facts dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 16px; }
.chart { min-height: 200px; margin-top: 8px; }
.scroll { overflow-x: auto; margin-bottom: 10px; padding-top: 8px; padding-bottom: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 10px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } thead th { font-weight: 600; font-size: 13px; }
thead tr:first-child th[colspan] { text-align: center; } tr:last-child td { border-bottom: 0; }
.up { color: var(--good); } .down { color: var(--bad); }
.examples { display: grid; gap: 16px; }
.example { display: grid; grid-template-columns: 220px 1fr; gap: 20px; }
@media (max-width: 640px) { .example { grid-template-columns: 1fr; } }
.example figure { margin: 0; } .example img { width: 100%; border-radius: 6px; display: block; image-rendering: pixelated; }
figcaption { margin-top: 6px; overflow-wrap: anywhere; }
.answer + .answer { margin-top: 14px; padding-top: 14px; border-top: 1px solid var(--line); }
pre { margin: 6px 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
ul { margin: 4px 0 0; padding-left: 18px; font-size: 13.5px; } li b { font-variant-numeric: tabular-nums; }
.alarms { margin: 0; padding-left: 34px; border-left: 4px solid var(--bad); }
details pre { max-height: 480px; overflow: auto; }
.u-legend { font-size: 12px; color: var(--muted); } .u-legend .u-marker { border-radius: 50%; width: 9px; height: 9px; }
.u-legend th { font-weight: 400; padding: 2px 4px; } .u-legend td { min-width: 4.2em; padding: 2px 4px; text-align: left; }
.u-legend th, .u-legend td, .u-legend tr { border: 0; } .u-legend .quiet { display: none; }
`;
