// [data-copy] puts its text on the clipboard and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const say = (text, level) =>
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say("Copied.", "ok");
  } catch {
    // No clipboard without https or permission: select the text, so that Ctrl+C works.
    const text = button.parentElement.querySelector("code") ?? button;
    getSelection().selectAllChildren(text);
    say("Press Ctrl+C to copy the marked text.", "warn");
  }
});
