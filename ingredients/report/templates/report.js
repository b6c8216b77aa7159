// a button at each table that copies its numbers, for a spreadsheet: a tab between cells
for (const table of document.querySelectorAll(".wide table")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
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
  table.parentElement.before(button);
}
