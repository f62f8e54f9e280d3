// The queue by the keyboard: j and k go from entry to entry, figures choose a term, letters a decision.

const links = [...document.querySelectorAll("#queue li a")];
const decisions = [...document.querySelectorAll("#decision input[data-key]")];
const choices = [...document.querySelectorAll("#suggestions input")];

function isTyping(target) {
  return target.matches("input:not([type=radio]):not([type=checkbox]), select, textarea");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  const step = { j: 1, k: -1 }[event.key];
  if (step && links.length) {
    const now = links.indexOf(document.activeElement);
    links[Math.min(Math.max(now + step, 0), links.length - 1)].focus();
    return;
  }
  const chosen = choices[event.key - 1] ?? decisions.find((each) => each.dataset.key === event.key);
  if (chosen) {
    chosen.checked = true;
    chosen.focus();
  }
});

const all = document.getElementById("tick-all");
if (all) {
  all.hidden = false;
  all.addEventListener("click", () => {
    const boxes = [...document.querySelectorAll("#queue input[name=entry]")];
    const isTicked = boxes.some((each) => !each.checked);
    boxes.forEach((each) => { each.checked = isTicked; });
  });
}
