// An ARIA 1.2 editable combobox over a JSON search. Without this module the input is a plain
// search field of its form; nothing here is needed to enter a case.
//
// <div data-combobox="/terms" data-excludes> holds the input; `chosen` is dispatched on it with
// {option, excluded} when an option is picked, and `announce` with a text to be read out.

import { Waiting } from "./waiting.js";

const DELAY = 90;
// Nothing found is written only after a pause: who is still typing has not asked yet.
const PAUSE = 600;

export class Combobox {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("input[type=text], input[type=search]");
    this.source = root.dataset.combobox;
    this.excludes = "excludes" in root.dataset;
    this.options = [];
    this.active = -1;
    this.asked = null;
    // What the lines on show answer, and the line of a word that waits for one of them.
    this.answered = "";
    this.waits = null;
    this.box = this.#build();
    this.notice = element("p", "note mt-2");
    this.notice.hidden = true;
    root.append(this.notice);
    this.waiting = new Waiting(root, (line, options) => this.#again(line, options));
    this.#dress();
    this.#listen();
  }

  close() {
    this.box.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #build() {
    const box = element("div", "listbox");
    this.list = element("ul");
    this.list.id = `${this.input.id}-list`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.root.dataset.listLabel);
    this.hint = element("p", "hint");
    this.aside = element("aside");
    this.aside.setAttribute("aria-live", "polite");
    this.aside.setAttribute("aria-label", "About the chosen line");
    box.append(this.hint, this.list, this.aside);
    box.hidden = true;
    this.root.append(box);
    return box;
  }

  #dress() {
    const input = this.input;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.autocomplete = "off";
    input.spellcheck = false;
    for (const plain of this.root.querySelectorAll("[data-plain]")) plain.hidden = true;
    for (const rich of this.root.querySelectorAll("[data-rich]")) rich.hidden = false;
  }

  #listen() {
    this.input.addEventListener("input", () => this.#later());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => this.close());
    // A word that still waits goes with the form, which then says that it is not added.
    this.input.form.addEventListener("submit", () => {
      if (!this.input.value.trim()) this.input.value = this.waiting.first;
    });
    // The press must not take the focus away from the input.
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const line = event.target.closest("[role=option]");
      if (line) this.#choose(Number(line.dataset.index), event.shiftKey);
    });
  }

  #later() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.#forget();
    if (!this.input.value.trim()) {
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.#ask(this.input.value.trim()), DELAY);
  }

  async #ask(typed) {
    const asked = (this.asked = new AbortController());
    try {
      const options = await this.#find(typed, asked.signal);
      if (typed === this.input.value.trim()) this.#show(options, typed);
    } catch (problem) {
      if (problem.name !== "AbortError") this.#notify("The search did not answer. Try again.");
    }
  }

  async #find(typed, signal) {
    const answer = await fetch(`${this.source}?q=${encodeURIComponent(typed)}`, {
      signal,
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).options;
  }

  // An Enter before the answer: the word waits in a line of its own, and the box is free.
  async #wait(typed, shift) {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.input.value = "";
    this.close();
    const line = this.waiting.add(typed);
    line.dataset.shift = shift ? "yes" : "";
    await this.#settle(line);
  }

  async #settle(line) {
    const typed = line.dataset.typed;
    let options;
    try {
      options = await this.#find(typed);
    } catch {
      this.waiting.failed(line, `The search did not answer. “${typed}” is not added.`);
      return;
    }
    const named = theNamed(options, typed);
    if (!line.isConnected) return;
    if (named) {
      line.remove();
      this.#send(named, line.dataset.shift);
    } else if (options.length) {
      this.waiting.offered(line, options);
      if (!this.input.value.trim() && document.activeElement === this.input) this.#again(line, options);
      else this.#say(`${typed} is not added yet.`);
    } else {
      this.waiting.failed(line, this.#nothing(typed));
      this.#say(`Nothing found for “${typed}”.`);
    }
  }

  // The choice for a word that waits, in an empty box; what stands in the box waits in its turn.
  #again(line, options) {
    const typed = this.input.value.trim();
    if (typed && this.answered !== typed) this.#wait(typed, false);
    else if (typed) this.waiting.offered(this.waiting.add(typed), this.options);
    this.input.value = "";
    if (!options) {
      this.#settle(line);
      return;
    }
    this.#show(options, line.dataset.typed);
    this.waits = line;
  }

  #forget() {
    clearTimeout(this.pause);
    this.notice.hidden = true;
    this.waits = null;
    this.answered = "";
    delete this.list.dataset.answers;
  }

  #show(options, typed) {
    this.#forget();
    this.options = options;
    this.answered = this.list.dataset.answers = typed;
    this.list.replaceChildren(...options.map((option, index) => this.#line(option, index)));
    if (!options.length) {
      this.close();
      this.#say(`Nothing found for “${typed}”.`);
      this.pause = setTimeout(() => this.#notify(this.#nothing(typed)), PAUSE);
      return;
    }
    this.box.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    const guess = !options[0].close;
    this.hint.hidden = !guess;
    this.hint.textContent = `Nothing like “${typed}”; did you mean one of these?`;
    if (guess) this.#deactivate();
    else this.#activate(0);
    const found = options.length === 1 ? "1 line found." : `${options.length} lines found.`;
    this.#say(guess ? `${this.hint.textContent} ${found}` : found);
  }

  #nothing(typed) {
    return `Nothing found for “${typed}”. ${this.root.dataset.advice}`;
  }

  #notify(text) {
    this.notice.textContent = text;
    this.notice.hidden = false;
  }

  #line(option, index) {
    const line = element("li");
    line.id = `${this.list.id}-${index}`;
    line.dataset.index = index;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", "false");
    const words = element("span");
    words.append(...marked(option.label_parts));
    if (option.also_parts.length) {
      const also = element("span", "small muted d-block");
      also.append("also called ", ...marked(option.also_parts));
      words.append(also);
    }
    line.append(words, element("span", "num small muted", option.fact));
    return line;
  }

  #deactivate() {
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.aside.replaceChildren();
  }

  #activate(index) {
    this.active = index;
    [...this.list.children].forEach((line, i) => {
      line.setAttribute("aria-selected", String(i === index));
      if (i === index) line.scrollIntoView({ block: "nearest" });
    });
    this.input.setAttribute("aria-activedescendant", `${this.list.id}-${index}`);
    this.#tell(this.options[index]);
  }

  #tell(option) {
    const name = element("p", "fw-semibold", option.label + " ");
    name.append(element("span", "id", option.id));
    const path = element("ul", "path mt-2");
    path.append(...option.path.map((label) => element("li", "", label)));
    if (option.path.length) path.append(element("li", "here", option.label));
    if (option.narrower) path.append(element("li", "", option.narrower));
    this.aside.replaceChildren(name, element("p", "mt-1", option.definition), path);
  }

  #key(event) {
    const open = !this.box.hidden;
    const count = this.options.length;
    if (event.key === "Enter") {
      // Enter in this field never sends the form away.
      event.preventDefault();
      this.#enter(this.input.value.trim(), open, event.shiftKey);
    } else if (event.key === "Escape" && (open || this.input.value)) {
      event.preventDefault();
      if (!open) this.input.value = "";
      this.close();
    } else if (event.key === "ArrowDown" && count && (open || this.input.value.trim())) {
      event.preventDefault();
      if (open) this.#activate((this.active + 1) % count);
      else this.#later();
    } else if (event.key === "ArrowUp" && open) {
      event.preventDefault();
      this.#activate(((this.active < 0 ? 0 : this.active) + count - 1) % count);
    }
  }

  #enter(typed, open, shift) {
    if (open && this.active >= 0 && (!typed || typed === this.answered)) {
      this.#choose(this.active, shift);
    } else if (typed && typed !== this.answered) {
      this.#wait(typed, shift);
    } else if (open) {
      this.#say("Nothing is chosen yet. Use the arrow keys.");
    } else if (typed) {
      this.#show(this.options, typed);
      if (!this.options.length) this.#notify(this.#nothing(typed));
    }
  }

  #choose(index, shift) {
    const option = this.options[index];
    const excluded = shift || this.waits?.dataset.shift;
    this.waits?.remove();
    this.input.value = "";
    this.close();
    this.#forget();
    this.#send(option, excluded);
  }

  #send(option, shift) {
    this.root.dispatchEvent(
      new CustomEvent("chosen", { detail: { option, excluded: Boolean(shift) && this.excludes } }),
    );
  }

  #say(text) {
    this.root.dispatchEvent(new CustomEvent("announce", { detail: text, bubbles: true }));
  }
}

// Nothing is added unseen unless it is exactly what was typed, and nothing else is called so.
function theNamed(options, typed) {
  const asked = typed.toLowerCase();
  const called = (name) => name.toLowerCase() === asked;
  const named = options.filter((o) => called(o.label) || called(o.also) || called(o.id));
  return named.find((o) => called(o.label) || called(o.id)) ?? (named.length === 1 ? named[0] : null);
}

function element(name, cls = "", text = "") {
  const made = document.createElement(name);
  if (cls) made.className = cls;
  if (text) made.textContent = text;
  return made;
}

function marked(parts) {
  return parts.map(([text, hit]) => (hit ? element("mark", "", text) : text));
}
