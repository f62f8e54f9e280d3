// Words that were entered faster than the search answers. Each stands in a line of its own under
// the search box until it is added, so that none is dropped and the next one begins in an empty box.

export class Waiting {
  // `open(typed, options)` shows the lines to choose from for one of the words.
  constructor(root, open) {
    this.root = root;
    this.open = open;
    this.lines = document.createElement("ul");
    this.lines.className = "waiting";
    // The list above must not close, and so move the buttons, between press and click.
    this.lines.addEventListener("mousedown", (event) => event.preventDefault());
    root.append(this.lines);
  }

  add(typed) {
    const line = document.createElement("li");
    line.dataset.typed = typed;
    this.lines.append(line);
    this.#write(line, `Looking up “${typed}” …`);
    return line;
  }

  // The search found nothing, or did not answer.
  failed(line, text) {
    this.#write(line, text, this.#button("Look it up again", () => this.open(line, null)));
  }

  // The search found several that may be meant.
  offered(line, options) {
    const text = `“${line.dataset.typed}” is not added yet: choose one.`;
    this.#write(line, text, this.#button("Show the choice", () => this.open(line, options)));
  }

  // The first word that is not added yet; "" if there is none.
  get first() {
    return this.lines.firstElementChild?.dataset.typed ?? "";
  }

  #write(line, text, ...buttons) {
    const words = document.createElement("span");
    words.textContent = text;
    const forget = this.#button("Forget it", () => line.remove());
    line.replaceChildren(words, ...buttons, forget);
  }

  #button(text, pressed) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-plain btn-sm";
    button.textContent = text;
    button.addEventListener("click", () => {
      pressed();
      this.root.querySelector("[role=combobox]").focus();
    });
    return button;
  }
}
