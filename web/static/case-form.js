// The case form without a round trip for each line: adds, turns and removes features and genes.
// Every line is an ordinary form field, so what is sent is the same with and without this module.

import { Combobox } from "./combobox.js";
import { Writing } from "./writing.js";

const form = document.querySelector("[data-case-form]");
const status = document.querySelector("#said");
const lists = {
  observed: document.querySelector("#observed"),
  excluded: document.querySelector("#excluded"),
  uncertain: document.querySelector("#uncertain"),
  gene: document.querySelector("#genes"),
  disease: document.querySelector("#diseases"),
};
const words = {
  observed: "observed",
  excluded: "looked for and not found",
  uncertain: "uncertain",
  gene: "gene",
  disease: "diagnosis",
};

document.addEventListener("announce", (event) => say(event.detail));

for (const root of form.querySelectorAll("[data-combobox]")) {
  new Combobox(root);
  const isGene = root.dataset.combobox.endsWith("/genes");
  const kind = isGene ? "gene" : root.dataset.kind;
  root.addEventListener("chosen", (event) => {
    const { option, excluded } = event.detail;
    add(kind ?? (excluded ? "excluded" : "observed"), option);
  });
}

for (const plain of form.querySelectorAll(":scope > .cols > .beside [data-plain]")) plain.hidden = true;
new Writing(form, say);

const presses = {
  turn: (button) => turn(button.closest("li")),
  doubt: (button) => (button.dataset.suggested ? take(button) : doubt(button.closest("li"))),
  remove: (button) => remove(find(button.value, "observed")),
  drop: (button) => remove(button.closest("li")),
  drop_disease: (button) => remove(button.closest("li")),
  add_variant: (button) => addVariant(button),
  drop_variant: (button) => dropVariant(button.closest("[data-variant]")),
  observe: (button) => take(button),
  exclude: (button) => take(button),
  dismiss: (button) => leave(button.closest("li"), "dismissed", "left out"),
  pass_over: (button) => leave(button.closest("li"), "unexamined", "not examined"),
};

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name]");
  if (button?.dataset.read) {
    event.preventDefault();
    read(button);
    return;
  }
  const pressed = presses[button?.name];
  if (!pressed || button.closest("[data-plain-results]")) return;
  event.preventDefault();
  pressed(button);
  changed();
});

// A finding of the pasted note, or one worth asking about: it leaves its list for the case.
function take(button) {
  const line = button.closest("li");
  const { id, label, lower, fact, rarity } = line.dataset;
  const next = line.nextElementSibling ?? line.previousElementSibling;
  add(button.dataset.suggested, { id, label, lower, fact, rarity: Number(rarity) });
  line.remove();
  refocus(next);
}

function leave(line, name, said) {
  const gone = document.createElement("input");
  Object.assign(gone, { type: "hidden", name, value: line.dataset.id });
  form.append(gone);
  const next = line.nextElementSibling ?? line.previousElementSibling;
  line.remove();
  say(`${line.dataset.label} ${said}.`);
  refocus(next);
}

function refocus(line) {
  (line?.querySelector("button") ?? document.querySelector("#pasted")).focus();
}

async function read(button) {
  const place = document.querySelector("#reading");
  try {
    const answer = await fetch(button.dataset.read, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    place.innerHTML = await answer.text();
    const found = place.querySelectorAll("#suggested > li").length;
    say(found === 1 ? "1 finding to decide on." : `${found} findings to decide on.`);
  } catch {
    say("The note could not be read. Try again.");
  }
}

function addVariant(button) {
  const line = document.querySelector("#variant-line").content.firstElementChild.cloneNode(true);
  const number = `n${form.querySelectorAll("[data-variant]").length}`;
  for (const field of line.querySelectorAll("[id]")) field.id = field.id.replace("new", number);
  line.querySelector("[name=variant_gene]").value = button.value;
  const label = button.closest("li").dataset.label;
  line.querySelector("[name=variant_written]").setAttribute("aria-label", `Variant in ${label}`);
  button.before(line);
  line.querySelector("[name=variant_written]").focus();
}

function dropVariant(line) {
  const rest = line.parentElement.querySelector("[name=add_variant]");
  line.remove();
  rest?.focus();
  say("Variant removed.");
}

function changed() {
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function add(kind, option) {
  const twin = find(option.id, kind);
  if (twin) {
    if (kindOf(twin) !== kind) move(twin, kind);
    else say(`${option.label} is already in the case.`);
    return;
  }
  const line = document.querySelector(`#${kind}-line`).content.firstElementChild.cloneNode(true);
  fill(line, option);
  place(lists[kind], line);
  say(`${option.label} added, ${words[kind]}.`);
  changed();
}

function fill(line, option) {
  line.dataset.rarity = option.rarity ?? 0;
  line.dataset.label = option.label;
  line.dataset.lower = option.lower;
  line.dataset.fact = option.fact;
  line.querySelector("input[type=hidden]").value = option.id;
  for (const [slot, text] of Object.entries({
    label: option.label,
    name: option.label,
    lower: option.lower,
    id: option.id,
    fact: option.fact,
  })) {
    for (const place of line.querySelectorAll(`[data-slot=${slot}]`)) place.textContent = text;
  }
  for (const named of line.querySelectorAll("[data-says]")) {
    named.setAttribute("aria-label", named.dataset.says.replace("%", option.label));
    if (named.tagName === "BUTTON") named.value = option.id;
    else named.name = `${named.dataset.field}-${option.id}`;
    if (named.id) named.id = named.name;
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
  move(line, kindOf(line) === "observed" ? "excluded" : "observed");
}

function doubt(line) {
  move(line, "uncertain");
}

function move(line, kind) {
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
  find(id, "observed").querySelector("button[name=turn]").focus();
}

function remove(line) {
  if (!line) return;
  const label = line.dataset.label;
  const box = line.closest("[data-part]").querySelector("[role=combobox]");
  line.remove();
  recount();
  box.focus();
  say(`${label} removed.`);
}

// The line of an id: among the features of either kind, the genes or the diagnoses.
function find(id, kind) {
  const features = [lists.observed, lists.excluded, lists.uncertain];
  const scope = features.includes(lists[kind]) ? features : [lists[kind]];
  const fields = scope.flatMap((list) => [
    ...list.querySelectorAll(":scope > li > input[type=hidden]"),
  ]);
  return fields.find((field) => field.value === id)?.closest("li");
}

function kindOf(line) {
  return Object.keys(lists).find((kind) => lists[kind] === line.parentElement);
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
