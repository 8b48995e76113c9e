// A click shows an entry; ticked boxes pick entries, also those of other pages of the list.
element.addEventListener("click", (event) => {
	const button = event.target.closest("[data-entry], [data-case]");
	if (!button) return;
	for (const item of element.querySelectorAll("li")) item.removeAttribute("aria-current");
	button.closest("li").setAttribute("aria-current", "true");
	trigger("select", { index: button.dataset.entry ?? button.dataset.case, value: "" });
});
element.addEventListener("change", () => {
	const boxes = [...element.querySelectorAll("input[type=checkbox]")];
	trigger("input", {
		there: boxes.map((box) => box.value),
		picked: boxes.filter((box) => box.checked).map((box) => box.value),
	});
});
