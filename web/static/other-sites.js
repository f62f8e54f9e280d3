// While sites are waited for, their answers are looked for again. What became of each site is
// renewed at once; new patients are announced, and never push away what is being read. A page that
// ranks them among others is told when all have answered, and is loaded anew by who reads it.

const PAUSE = 1000;

// What stands here already is not told again, so that looking again is no new disclosure.
let seen = document.getElementById("results")?.dataset.seen ?? "";

const shown = (root) => Number(root.querySelector("#results").dataset.count);

function renew(fresh, id) {
  document.getElementById(id).replaceWith(document.adoptNode(fresh.getElementById(id)));
}

function showAll(fresh) {
  renew(fresh, "results");
  renew(fresh, "heading");
  document.getElementById("news").replaceChildren();
}

function announce(fresh) {
  const more = shown(fresh) - shown(document);
  if (more <= 0) return;
  if (shown(document) === 0) {
    showAll(fresh);
    return;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-plain";
  button.textContent = `${more} more, show`;
  button.addEventListener("click", () => showAll(fresh));
  document.getElementById("news").replaceChildren(button);
}

// Text is replaced where it stands, so that what is live says it.
function renewStates(fresh) {
  const now = document.getElementById("states");
  const then = fresh.getElementById("states");
  now.querySelector("#state-h").textContent = then.querySelector("#state-h").textContent;
  const own = now.querySelectorAll(".nodes [data-own]");
  now.querySelector(".nodes").replaceWith(document.adoptNode(then.querySelector(".nodes").cloneNode(true)));
  now.querySelector(".nodes").prepend(...own);
  now.className = then.className;
  if (then.dataset.waiting) return true;
  delete now.dataset.waiting;
  now.querySelector("header a, .split a")?.remove();
  return false;
}

function offerToReload() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-plain";
  button.textContent = "All have answered or were given up, show";
  button.addEventListener("click", () => location.reload());
  document.getElementById("news").replaceChildren(button);
}

async function look() {
  const elsewhere = document.getElementById("states").dataset.address;
  const address = `${elsewhere ?? location.pathname}?seen=${seen}`;
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!fresh.getElementById("states")) return;
  const told = fresh.getElementById("results").dataset;
  const isHeld = told.held !== undefined;
  seen = told.seen;
  const isWaiting = renewStates(fresh);
  if (elsewhere) {
    if (isWaiting) setTimeout(look, PAUSE);
    else offerToReload();
    return;
  }
  if (!isHeld) announce(fresh);
  if (isWaiting) setTimeout(look, PAUSE);
  else if (isHeld) renew(fresh, "heading");
  else if (shown(document) === 0) showAll(fresh);
}

if (document.querySelector("#states[data-waiting]")) setTimeout(look, PAUSE);
