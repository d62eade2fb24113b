// Leads in, keeps a redrive's progress fresh, fetches a journey into its letter's page, and leads to what was wrong with a form. Without it
// the page works as well: it is asked for again every few seconds, and links lead to the journey and the faults.
"use strict";

const EVERY = 1000;
// What is heard is said less often than what is seen.
const SAY_EVERY = 5000;
const READING = "Reading the logs. This takes some seconds.";
const SILENT = "The page does not answer. The command may have been stopped.";
// A poll that is not answered is asked again, each time after twice as long.
const LONGEST_PAUSE = 30000;
const LONGEST_ANSWER = 15000;
const UNANSWERED = "No answer, trying again. The table shows what was answered last.";
const UNKNOWN = "This redrive is not shown any more: load this page again to see why. The audit says how a redrive ended.";

const lead = document.getElementById("lead");
if (lead) location.replace(lead.href);

(document.getElementById("faults") ?? document.getElementById("checked"))?.focus();

const progress = document.getElementById("progress");
if (progress?.dataset.follow) follow(progress.dataset.follow, 0, EVERY);

const journey = document.getElementById("read-journey");
journey?.addEventListener("click", (event) => {
  // Whoever wants it in another window gets it there.
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  read(journey.href);
});

async function read(url) {
  const told = document.getElementById("journey-told");
  if (told.textContent === READING) return;
  told.textContent = READING;
  let page;
  try {
    page = new DOMParser().parseFromString(await (await fetch(url)).text(), "text/html");
  } catch {
    told.textContent = SILENT;
    return;
  }
  const read = page.getElementById("journey");
  // Another page says why there is none.
  if (!read) return location.assign(url);
  const place = document.getElementById("journey");
  place.replaceChildren(...read.childNodes);
  told.textContent = "";
  place.focus();
}

async function follow(url, saidAt, pause) {
  let told;
  try {
    const answer = await ask(url);
    // Whoever was let in no longer is, or the command was started anew.
    if ([401, 404].includes(answer.status)) return say(UNKNOWN);
    if (!answer.ok) throw new Error(String(answer.status));
    told = await answer.json();
    for (const flow of told.flows) show(flow);
    if (!told.running) return await finish();
  } catch {
    say(UNANSWERED);
    setTimeout(follow, pause, url, 0, Math.min(pause * 2, LONGEST_PAUSE));
    return;
  }
  const now = Date.now();
  const due = now - saidAt >= SAY_EVERY;
  if (due) say(told.sentence);
  setTimeout(follow, EVERY, url, due ? now : saidAt, EVERY);
}

function ask(url) {
  return fetch(url, { signal: AbortSignal.timeout(LONGEST_ANSWER) });
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
  const answer = await ask(location.pathname);
  if (!answer.ok) throw new Error(String(answer.status));
  const ended = new DOMParser().parseFromString(await answer.text(), "text/html");
  const held = progress.contains(document.activeElement);
  document.title = ended.title;
  progress.replaceChildren(...ended.getElementById("progress").childNodes);
  say(ended.getElementById("sentence").textContent);
  // Whoever stood on the button to stop it stands at the top.
  if (held) document.getElementById("heading").focus();
}
