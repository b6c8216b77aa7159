// above each table: a button that copies its numbers, for a spreadsheet, and a hint where the table scrolls
function made(name, kind) {
  const element = document.createElement(name);
  element.className = kind;
  return element;
}
for (const box of document.querySelectorAll(".wide")) {
  const table = box.querySelector("table");
  const button = made("button", "copy");
  button.type = "button";
  button.textContent = "Copy the table";
  button.addEventListener("click", async () => {
    const rows = [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()).join("\t"));
    try {
      await navigator.clipboard.writeText(rows.join("\n"));
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(table);
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected: copy it";
    }
  });
  const above = made("div", "above");
  above.append(button);
  box.before(above);
  new ResizeObserver(() => above.classList.toggle("scrolls", box.scrollWidth > box.clientWidth)).observe(box);
}
// values of a picture beside the pointer, at once; without this the browser shows them as titles, after a while
const value = made("div", "value");
document.body.append(value);
for (const spot of document.querySelectorAll(".spots rect")) {
  const text = spot.textContent;
  spot.replaceChildren();
  spot.onpointermove = ({ clientX: x, clientY: y }) => {
    value.textContent = text;
    value.style.left = `${Math.min(x + 14, innerWidth - value.offsetWidth - 8)}px`;
    value.style.top = `${y + (y > innerHeight / 2 ? -10 - value.offsetHeight : 18)}px`;
  };
  spot.onpointerleave = () => value.replaceChildren();
}
