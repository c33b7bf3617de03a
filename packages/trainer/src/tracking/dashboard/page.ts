import { html, trusted, type Markup } from '../report/html.js';

/** Steps up to the chosen one whose answers are judged together. */
const WINDOWS = [1, 10, 50, 200];

/** The dashboard's page. What it shows comes from its scripts. */
export function dashboardPage(): Markup {
  return html`${trusted('<!doctype html>')}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Q-Insight</title>
        <link rel="stylesheet" href="/style.css" />
        <script src="/uplot.js" defer></script>
        <script src="/dashboard.js" type="module"></script>
      </head>
      <body class="dashboard">
        <header>
          <h1>Q-Insight</h1>
          <p class="muted" id="status" role="status">loading</p>
        </header>
        <div class="layout">
          <nav aria-label="Runs">
            <ul id="runs"></ul>
          </nav>
          <main>
            <p class="card" id="message" hidden></p>
            <div id="shown" hidden>
              <section aria-labelledby="curves-title">
                <h2 id="curves-title">Curves</h2>
                <p class="muted" id="curves-note"></p>
                <div class="charts" id="curves"></div>
              </section>
              <section aria-labelledby="answers-title">
                <h2 id="answers-title">Answers of <span class="of"></span></h2>
                <div class="card bar">
                  <label for="step">Step</label>
                  <button type="button" id="earlier" aria-label="One step earlier">‹</button>
                  <input type="range" id="step" min="1" max="1" step="1" />
                  <button type="button" id="later" aria-label="One step later">›</button>
                  <output id="step-text" for="step"></output>
                  <label><input type="checkbox" id="follow" checked /> follow</label>
                </div>
                <div id="answers"></div>
              </section>
              <section aria-labelledby="judgements-title">
                <h2 id="judgements-title">How it judges</h2>
                <p class="muted">
                  <label for="source">Answers</label>
                  <select id="source">
                    <option value="training">in training</option>
                    <option value="held-out">to held-out prompts</option>
                  </select>
                  <span id="window-choice">
                    <label for="window">of the last</label>
                    <select id="window">
                      ${WINDOWS.map((steps) => html`<option value="${steps}" ${trusted(steps === 10 ? ' selected' : '')}>${steps}</option>`)}
                    </select>
                    steps up to the chosen one
                  </span>
                  · <span id="judged"></span>
                </p>
                <div class="charts">
                  <section class="card">
                    <h3>Scores</h3>
                    <div class="chart" id="scatter"></div>
                    <p class="muted" id="scatter-note"></p>
                  </section>
                  <section class="card">
                    <h3>Degradations</h3>
                    <div id="matrix"></div>
                  </section>
                </div>
              </section>
              <section aria-labelledby="summary-title">
                <h2 id="summary-title">The run <span class="of"></span></h2>
                <div id="summary"></div>
              </section>
            </div>
          </main>
        </div>
      </body>
    </html>`;
}
