// A row of tabs that is wider than the screen shows the one that is open.
function show() {
  for (const tab of document.querySelectorAll(".tabs > [aria-current]")) {
    const row = tab.parentElement;
    if (row.scrollWidth <= row.clientWidth) continue;
    const ahead = tab.getBoundingClientRect().left - row.getBoundingClientRect().left;
    row.scrollLeft += ahead - (row.clientWidth - tab.clientWidth) / 2;
  }
}

document.addEventListener("htmx:afterSettle", show);
show();
