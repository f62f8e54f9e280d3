// The case form without a round trip for each line: adds, turns and removes features and genes.
// Every line is an ordinary form field, so what is sent is the same with and without this module.

import { Combobox } from "./combobox.js";

const form = document.querySelector("[data-case-form]");
const status = document.querySelector("#said");
const lists = {
  observed: document.querySelector("#observed"),
  excluded: document.querySelector("#excluded"),
  gene: document.querySelector("#genes"),
};

document.addEventListener("announce", (event) => say(event.detail));

for (const root of form.querySelectorAll("[data-combobox]")) {
  new Combobox(root);
  const isGene = root.dataset.combobox.endsWith("/genes");
  root.addEventListener("chosen", (event) => {
    const { option, excluded } = event.detail;
    add(isGene ? "gene" : excluded ? "excluded" : "observed", option);
  });
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=remove], button[name=turn], button[name=drop]");
  if (!button) return;
  event.preventDefault();
  const line = button.closest("li");
  if (button.name === "turn") turn(line);
  else remove(line);
});

function add(kind, option) {
  const twin = find(option.id, kind === "gene");
  if (twin) {
    if (kind !== "gene" && kindOf(twin) !== kind) turn(twin);
    else say(`${option.label} is already in the case.`);
    return;
  }
  const line = document.querySelector(`#${kind}-line`).content.firstElementChild.cloneNode(true);
  fill(line, option);
  place(lists[kind], line);
  const words = { observed: "observed", excluded: "looked for and not found", gene: "gene" };
  say(`${option.label} added, ${words[kind]}.`);
}

function fill(line, option) {
  line.dataset.rarity = option.rarity ?? 0;
  line.dataset.label = option.label;
  line.dataset.lower = option.lower;
  line.dataset.fact = option.fact;
  line.querySelector("input[type=hidden]").value = option.id;
  for (const [slot, text] of Object.entries({
    label: option.label,
    lower: option.lower,
    id: option.id,
    fact: option.fact,
  })) {
    const place = line.querySelector(`[data-slot=${slot}]`);
    if (place) place.textContent = text;
  }
  for (const named of line.querySelectorAll("[data-says]")) {
    named.setAttribute("aria-label", named.dataset.says.replace("%", option.label));
    if (named.tagName === "BUTTON") named.value = option.id;
    else named.name = `onset-${option.id}`;
  }
}

// Rarest first, as the server orders them.
function place(list, line) {
  const after = [...list.children].find(
    (other) => Number(other.dataset.rarity) < Number(line.dataset.rarity),
  );
  list.insertBefore(line, after ?? null);
  recount();
}

function turn(line) {
  const kind = kindOf(line) === "observed" ? "excluded" : "observed";
  const id = line.querySelector("input[type=hidden]").value;
  const option = {
    id,
    label: line.dataset.label,
    lower: line.dataset.lower,
    rarity: Number(line.dataset.rarity),
    fact: line.dataset.fact,
  };
  line.remove();
  add(kind, option);
  find(id, false).querySelector("button[name=turn]").focus();
}

function remove(line) {
  const label = line.dataset.label;
  const box = line.closest("[data-part]").querySelector("[role=combobox]");
  line.remove();
  recount();
  box.focus();
  say(`${label} removed.`);
}

function find(id, isGene) {
  const scope = isGene ? [lists.gene] : [lists.observed, lists.excluded];
  const fields = scope.flatMap((list) => [...list.querySelectorAll("input[type=hidden]")]);
  return fields.find((field) => field.value === id)?.closest("li");
}

function kindOf(line) {
  return line.parentElement === lists.excluded ? "excluded" : "observed";
}

function recount() {
  for (const [kind, list] of Object.entries(lists)) {
    const count = document.querySelector(`#${kind}-count`);
    if (count) count.textContent = list.children.length;
    const nothing = document.querySelector(`#${kind}-none`);
    if (nothing) nothing.hidden = list.children.length > 0;
  }
}

function say(text) {
  status.textContent = text;
}
