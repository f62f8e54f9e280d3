// A case form kept as it is typed: sent after a pause, and answered with what there is to say of
// it, who else has the case open, and whether somebody saved it meanwhile. Without this module
// every button of the form does the same.

const PAUSE = 800;
const HEARTBEAT = 30000;

export class Writing {
  constructor(form, say) {
    this.form = form;
    this.say = say;
    this.advice = document.querySelector("#advice");
    this.presence = document.querySelector("#presence");
    this.kept = document.querySelector("#kept");
    this.asked = null;
    this.isSent = false;
    form.addEventListener("input", (event) => this.#later(event));
    form.addEventListener("change", (event) => this.#later(event));
    form.addEventListener("submit", () => this.#stop());
    // Who only has the case open is seen by the others as well.
    this.heart = setInterval(() => this.#send(), HEARTBEAT);
    this.#send();
  }

  #later(event) {
    // A word in a search box and a note to be read are no part of the case yet.
    if (event.target.matches?.("[role=combobox], #pasted")) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#send(), PAUSE);
  }

  #stop() {
    this.isSent = true;
    clearTimeout(this.timer);
    clearInterval(this.heart);
    this.asked?.abort();
  }

  async #send() {
    if (this.isSent || document.hidden) return;
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    const fields = new FormData(this.form);
    fields.delete("pasted");
    for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name);
    try {
      const answer = await fetch(this.form.dataset.keep, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { Accept: "application/json" },
        signal: asked.signal,
      });
      if (!answer.ok || !answer.headers.get("Content-Type")?.includes("json")) throw new Error();
      this.#show(await answer.json());
    } catch (problem) {
      if (problem.name !== "AbortError") {
        this.#write(this.kept, "The draft was not kept: the site did not answer, or your log-in ended.");
      }
    }
  }

  #show({ kept, advice, others = [], changed = "" }) {
    this.#write(this.kept, kept);
    const told = [...others.map((each) => `${each} Both of you keep what you type.`), changed];
    this.#tell(told.filter(Boolean));
    if (this.shown === advice) return;
    const focused = this.advice.contains(document.activeElement);
    // What is being read or pressed is not pushed away.
    if (focused) return;
    if (this.shown !== undefined) this.advice.innerHTML = advice;
    this.shown = advice;
  }

  #tell(sentences) {
    const lines = sentences.map((sentence) => {
      const line = document.createElement("p");
      line.textContent = sentence;
      return line;
    });
    if (this.presence.textContent.trim() === sentences.join("").trim()) return;
    this.presence.className = lines.length ? "note note-look mb-3" : "";
    this.presence.replaceChildren(...lines);
  }

  #write(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }
}
