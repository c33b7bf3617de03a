/** What the dashboard adds to the report's style sheet. */
export const DASHBOARD_STYLE = `
:root { --tint: 16%; }
@media (prefers-color-scheme: dark) { :root { --tint: 26%; } }
[hidden] { display: none !important; }
.dashboard { max-width: 1560px; padding: 20px 24px 64px; }
header { display: flex; align-items: baseline; gap: 16px; margin-bottom: 12px; }
header h1 { font-size: 20px; } header p { margin: 0; }
.layout { display: grid; grid-template-columns: 250px minmax(0, 1fr); gap: 28px; align-items: start; }
@media (max-width: 900px) { .layout { grid-template-columns: minmax(0, 1fr); } nav { position: static !important; max-height: 260px !important; } }
main > div > section:first-child > h2 { margin-top: 0; }
h2 .of { color: var(--muted); font-weight: 400; }
nav { position: sticky; top: 16px; max-height: calc(100vh - 32px); overflow-y: auto; }
nav ul { list-style: none; margin: 0; padding: 2px; font-size: 14px; }
nav li { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: start; gap: 4px; border-radius: 8px; }
nav li.chosen { background: color-mix(in srgb, var(--accent) 9%, transparent); }
nav label { display: flex; align-items: center; gap: 7px; padding: 11px 0 8px 8px; cursor: pointer; }
nav input { margin: 0; accent-color: var(--accent); }
.dot { width: 10px; height: 10px; border-radius: 50%; background: var(--line); }
nav button { all: unset; box-sizing: border-box; width: 100%; padding: 7px 8px 9px 4px; cursor: pointer; border-radius: 8px; }
nav button b { display: block; font-weight: 600; overflow-wrap: anywhere; }
nav button small { display: block; color: var(--muted); font-variant-numeric: tabular-nums; }
nav button small.bad { color: var(--bad); }
nav progress { display: block; width: 100%; height: 4px; margin: 5px 0 4px; appearance: none; border: 0; border-radius: 2px; overflow: hidden; background: var(--line); }
nav progress::-webkit-progress-bar { background: var(--line); } nav progress::-webkit-progress-value { background: var(--accent); }
nav progress::-moz-progress-bar { background: var(--accent); }
:focus-visible, nav button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.dashboard .charts { grid-template-columns: repeat(auto-fit, minmax(min(330px, 100%), 1fr)); }
.charts .card { min-width: 0; } .card h3 { display: flex; justify-content: space-between; gap: 12px; align-items: center; }
.chart { overflow: hidden; } .u-legend { text-align: left; padding-left: 8px; } .dashboard .u-inline .u-series { margin-right: 4px; } .u-legend .u-series td { min-width: 3em; }
.dashboard #curves .card { display: grid; grid-template-rows: subgrid; grid-row: span 3; row-gap: 2px; }
.chart .u-over { cursor: pointer; } .chart p.muted { padding-top: 80px; text-align: center; }
select, .bar button { font: inherit; font-size: 13px; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 2px 6px; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; padding: 10px 16px; position: sticky; top: 8px; z-index: 3; margin-bottom: 12px; }
.bar input[type="range"] { flex: 1 1 160px; min-width: 0; accent-color: var(--accent); } .bar button { padding: 2px 10px; cursor: pointer; }
.bar output { min-width: 7.5em; text-align: right; font-variant-numeric: tabular-nums; } .bar label { font-size: 13px; color: var(--muted); white-space: nowrap; }
.prompts { display: flex; flex-wrap: wrap; gap: 2px; overflow-y: auto; max-height: 190px; padding: 3px 2px 10px; }
.prompts button { all: unset; cursor: pointer; text-align: center; border-radius: 7px; padding: 2px; flex: none; }
.prompts button:hover { background: var(--line); } .prompts button[aria-pressed="true"] { background: color-mix(in srgb, var(--accent) 25%, transparent); }
.prompts button:focus-visible { outline: 2px solid var(--accent); }
.prompts img, .prompts .no-picture { display: block; width: 56px; height: 56px; object-fit: cover; border-radius: 5px; background: var(--line); overflow: hidden; }
.prompts span.muted { font-size: 12px; font-variant-numeric: tabular-nums; }
.group { grid-template-columns: minmax(160px, 280px) minmax(0, 1fr); align-items: start; }
@media (max-width: 640px) { .group { grid-template-columns: 1fr; } }
.group figure { position: sticky; top: 76px; } @media (max-width: 640px) { .group figure { position: static; } }
.group img + img { margin-top: 8px; } .group figcaption b { color: var(--text); }
.no-picture { display: block; padding: 24px 12px; border: 1px dashed var(--line); border-radius: 6px; color: var(--muted); font-size: 12px; overflow-wrap: anywhere; }
.prompts .no-picture { padding: 0; font-size: 0; }
.answer h3 { display: flex; justify-content: flex-start; align-items: baseline; gap: 14px; font-variant-numeric: tabular-nums; } .answer h3 span { font-weight: 400; font-size: 13px; }
mark { color: inherit; border-radius: 3px; padding: 1px 0; }
mark.good { background: color-mix(in srgb, var(--good) var(--tint), transparent); box-shadow: inset 0 -2px var(--good); }
mark.partly { background: color-mix(in srgb, #f5a623 var(--tint), transparent); box-shadow: inset 0 -2px #d98a00; }
mark.bad { background: color-mix(in srgb, var(--bad) var(--tint), transparent); box-shadow: inset 0 -2px var(--bad); }
mark.missing { background: none; box-shadow: none; } mark.missing::after { content: "▲ missing"; color: var(--bad); font: 11px system-ui, sans-serif; padding-left: 4px; }
.reasons { list-style: none; padding: 0; } .reasons li { padding-left: 16px; position: relative; }
.reasons li::before { content: ""; position: absolute; left: 1px; top: 0.5em; width: 8px; height: 8px; border-radius: 2px; background: var(--muted); }
.reasons li.good::before { background: var(--good); border-radius: 50%; } .reasons li.partly::before { background: #d98a00; transform: rotate(45deg); } .reasons li.bad::before { background: var(--bad); }
.matrix { width: auto; font-size: 13px; border-collapse: separate; border-spacing: 2px; }
.matrices { display: flex; flex-wrap: wrap; gap: 8px 28px; align-items: end; margin-top: 6px; } .matrices .scroll { margin: 0; }
.matrix caption { caption-side: top; text-align: left; font-size: 13px; font-weight: 600; }
.matrix th { font-weight: 400; border: 0; padding: 2px 6px; text-align: right; } .matrix thead th { text-align: center; vertical-align: bottom; padding: 2px 0; }
.matrix thead th span { writing-mode: vertical-rl; transform: rotate(180deg); display: inline-block; }
.matrix td { border: 0; border-radius: 4px; padding: 0; min-width: 34px; height: 30px; text-align: center; }
.matrix td.right { outline: 1px solid var(--muted); outline-offset: -1px; }
.matrix .shade-0 { background: color-mix(in srgb, var(--line) 35%, transparent); }
${Array.from({ length: 10 }, (_, k) => `.matrix .shade-${k + 1} { background: color-mix(in srgb, var(--accent) ${8 + 7 * k}%, transparent); }`).join('\n')}
.matrix .shade-9, .matrix .shade-10 { color: #fff; } @media (prefers-color-scheme: dark) { .matrix .shade-9, .matrix .shade-10 { color: #111; } }
`;
