// Keeps a redrive's progress fresh, and leads to what was wrong with a form. Without it the page works as well: it is asked for
// again every few seconds, and links lead to the faults.
"use strict";

const EVERY = 1000;
// What is heard is said less often than what is seen.
const SAY_EVERY = 5000;

document.getElementById("faults")?.focus();

const progress = document.getElementById("progress");
if (progress?.dataset.follow) follow(progress.dataset.follow, 0);

async function follow(url, saidAt) {
  let told;
  try {
    const answer = await fetch(url, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    told = await answer.json();
  } catch {
    say("The page does not answer. The command may have been stopped; what was being moved has let go of the rest.");
    return;
  }
  for (const flow of told.flows) show(flow);
  if (!told.running) return finish();
  const now = Date.now();
  const due = now - saidAt >= SAY_EVERY;
  if (due) say(told.sentence);
  setTimeout(follow, EVERY, url, due ? now : saidAt);
}

function show(flow) {
  const bar = progress.querySelector(`progress[data-flow="${CSS.escape(flow.flow)}"]`);
  if (bar) {
    bar.max = flow.of;
    bar.value = flow.at;
  }
  const row = progress.querySelector(`tr[data-row="${CSS.escape(flow.flow)}"]`);
  for (const [name, text] of Object.entries(flow.cells)) {
    const cell = row?.querySelector(`[data-cell="${name}"]`);
    if (cell && cell.textContent !== text) cell.textContent = text;
  }
}

function say(text) {
  const sentence = document.getElementById("sentence");
  if (sentence && sentence.textContent !== text) sentence.textContent = text;
}

// The same page says how it ended.
async function finish() {
  const answer = await fetch(location.pathname);
  const ended = new DOMParser().parseFromString(await answer.text(), "text/html");
  const held = progress.contains(document.activeElement);
  document.title = ended.title;
  progress.replaceChildren(...ended.getElementById("progress").childNodes);
  say(ended.getElementById("sentence").textContent);
  // Whoever stood on the button to stop it stands at the top.
  if (held) document.getElementById("heading").focus();
}
