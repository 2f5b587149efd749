// Spreading an order over parcels: the button says how many the choices make; one press gives each item its own.
const choices = (form) => [...form.querySelectorAll("select[name=number]")];

function tell(form) {
  const count = new Set(choices(form).map((one) => one.value)).size;
  form.querySelector("[data-confirm]").textContent =
    count > 1 ? `Ship in ${count} parcels` : "Choose a second parcel";
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-parcels]");
  if (form) tell(form);
});

document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-each]")?.closest("form[data-parcels]");
  if (!form) return;
  for (const [at, one] of choices(form).entries()) one.value = String(at + 1);
  tell(form);
});

for (const form of document.querySelectorAll("form[data-parcels]")) tell(form);
