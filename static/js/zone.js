// Offer the browser's own time zone where the form has it.
const form = document.querySelector("form[data-guess-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const option = [...(form?.elements.time_zone?.options ?? [])].find(({ value }) => value === zone);
if (option) option.selected = true;
