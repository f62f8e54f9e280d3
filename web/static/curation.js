// While something goes on, how far it is is looked for again; when it is over the page is renewed.

const PAUSE = 1000;

async function look() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const then = fresh.getElementById("work");
  if (!then?.dataset.running) {
    location.reload();
    return;
  }
  document.getElementById("work").replaceChildren(...document.adoptNode(then).childNodes);
  setTimeout(look, PAUSE);
}

if (document.querySelector("#work[data-running]")) setTimeout(look, PAUSE);
