// An ARIA 1.2 editable combobox over a JSON search. Without this module the input is a plain
// search field of its form; nothing here is needed to enter a case.
//
// <div data-combobox="/terms" data-excludes> holds the input; `chosen` is dispatched on it with
// {option, excluded} when an option is picked, and `announce` with a text to be read out.

const DELAY = 90;

export class Combobox {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("input[type=text], input[type=search]");
    this.source = root.dataset.combobox;
    this.excludes = "excludes" in root.dataset;
    this.options = [];
    this.active = -1;
    this.asked = null;
    // What the lines on show answer, and an Enter that came before the answer did.
    this.answered = "";
    this.early = null;
    this.box = this.#build();
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
    this.aside = element("aside");
    this.aside.setAttribute("aria-live", "polite");
    this.aside.setAttribute("aria-label", "About the chosen line");
    box.append(this.list, this.aside);
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
    this.early = null;
    if (!this.input.value.trim()) {
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.#ask(this.input.value.trim()), DELAY);
  }

  async #ask(typed) {
    const asked = (this.asked = new AbortController());
    try {
      const answer = await fetch(`${this.source}?q=${encodeURIComponent(typed)}`, {
        signal: asked.signal,
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      this.#show((await answer.json()).options, typed);
    } catch (problem) {
      if (problem.name !== "AbortError") this.#say("The search did not answer. Try again.");
    }
  }

  #show(options, typed) {
    if (typed !== this.input.value.trim()) return;
    this.options = options;
    this.answered = this.list.dataset.answers = typed;
    this.list.replaceChildren(...options.map((option, index) => this.#line(option, index)));
    if (!options.length) {
      this.close();
      this.#say(`Nothing found for “${typed}”.`);
      return;
    }
    this.box.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.#activate(0);
    this.#say(options.length === 1 ? "1 line found." : `${options.length} lines found.`);
    if (this.early && isNamed(options[0], typed)) this.#choose(0, this.early.shift);
    this.early = null;
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
      if (this.answered !== this.input.value.trim()) this.early = { shift: event.shiftKey };
      else if (open) this.#choose(this.active, event.shiftKey);
    } else if (event.key === "Escape" && (open || this.input.value)) {
      event.preventDefault();
      if (!open) this.input.value = "";
      this.close();
    } else if (event.key === "ArrowDown" && count && this.input.value.trim()) {
      event.preventDefault();
      if (open) this.#activate((this.active + 1) % count);
      else this.#later();
    } else if (event.key === "ArrowUp" && open) {
      event.preventDefault();
      this.#activate((this.active + count - 1) % count);
    }
  }

  #choose(index, shift) {
    const option = this.options[index];
    this.input.value = "";
    this.close();
    this.root.dispatchEvent(
      new CustomEvent("chosen", { detail: { option, excluded: shift && this.excludes } }),
    );
  }

  #say(text) {
    this.root.dispatchEvent(new CustomEvent("announce", { detail: text, bubbles: true }));
  }
}

// Nothing is added unseen unless it is exactly what was typed.
function isNamed(option, typed) {
  return [option.label, option.also, option.id].some(
    (name) => name.toLowerCase() === typed.toLowerCase(),
  );
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
