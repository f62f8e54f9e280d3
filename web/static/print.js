// A button for what the browser's own menu does too; without a script it stays hidden.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.closest("details").open = false;
    window.print();
  });
}
