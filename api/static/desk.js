// What makes the desk quicker. Every action also works without scripts, with Tab and Enter.
"use strict";
(() => {
  const KEYS_OFF = "duban.keys.off";
  const remembered = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window */ } };

  // In a narrow window the row of places begins where one is.
  const here = document.querySelector(".nav [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 60;

  // Errors are read first.
  document.getElementById("faults")?.focus();

  // Lists: J and K go down and up, Enter opens, X picks, / searches. Off while an input method composes.
  const rows = [...document.querySelectorAll("[data-inbox] tbody tr")];
  let chosen = -1;
  const choose = (index) => {
    if (!rows.length) return;
    chosen = Math.max(0, Math.min(rows.length - 1, index));
    rows.forEach((row, at) => row.classList.toggle("chosen", at === chosen));
    rows[chosen].querySelector("a.matter")?.focus();
  };
  document.addEventListener("focusin", (event) => {
    const at = rows.indexOf(event.target.closest("[data-inbox] tbody tr"));
    if (at < 0) return;
    chosen = at;
    rows.forEach((row, index) => row.classList.toggle("chosen", index === at));
  });
  const commands = {
    j: () => choose(chosen + 1),
    k: () => choose(chosen - 1),
    x: () => rows[chosen]?.querySelector(".pick")?.click(),
    "/": () => document.getElementById("search")?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.keyCode === 229) return;
    if (remembered(KEYS_OFF) === "yes") return;
    if (event.target.matches("input:not([type=checkbox]), select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const command = commands[event.key.toLowerCase()];
    if (!command || !rows.length) return;
    event.preventDefault();
    command();
  });
  const keys = document.getElementById("keys-switch");
  if (keys) {
    const say = () => { keys.textContent = remembered(KEYS_OFF) === "yes" ? keys.dataset.on : keys.dataset.off; };
    keys.hidden = false;
    keys.addEventListener("click", () => { remember(KEYS_OFF, remembered(KEYS_OFF) === "yes" ? "no" : "yes"); say(); });
    say();
  }

  // Forms: a field that only matters after certain answers is folded away until then.
  const valuesOf = (form, name) => new FormData(form).getAll(name);
  const holds = (form, alternatives) => alternatives.some((conditions) =>
    Object.entries(conditions).every(([name, wanted]) => {
      const not = name.startsWith("!");
      return not !== valuesOf(form, not ? name.slice(1) : name).some((value) => wanted.includes(value));
    }));
  for (const form of document.querySelectorAll("form")) {
    const folding = [...form.querySelectorAll("[data-when]")].map((field) => [field, JSON.parse(field.dataset.when)]);
    if (!folding.length) continue;
    const foldOnce = () => folding.filter(([field, when]) => {
      const away = !holds(form, when) && !field.classList.contains("bad");
      if (field.hidden === away) return false;
      field.hidden = away;
      field.querySelectorAll("input, select, textarea").forEach((input) => { input.disabled = away; });
      return true;
    }).length;
    const fold = () => { for (let round = 0; round <= folding.length && foldOnce(); round += 1); };
    form.addEventListener("change", fold);
    fold();
  }

  // A long diagram opens where the case stands, a long chain at the case that one came from.
  for (const frame of document.querySelectorAll(".diagram, .chain-frame")) {
    const step = frame.querySelector(".bp-current, .case.now");
    if (!step) continue;
    const middle = step.getBoundingClientRect().left - frame.getBoundingClientRect().left;
    frame.scrollLeft = middle - frame.clientWidth / 2;
  }

  // Drafts save themselves, a while after the last key.
  const work = document.querySelector("form[data-draft]");
  if (work) {
    const state = document.getElementById("draft-state");
    let waiting = 0;
    let leaving = false;
    const save = async () => {
      if (leaving) return;
      const fields = new FormData(work);
      fields.delete("_attachments");
      try {
        const answer = await fetch(work.dataset.draft, {
          method: "POST", body: fields, headers: { "X-Requested-With": "desk" }, redirect: "manual",
        });
        state.textContent = answer.ok ? state.dataset.saved : state.dataset.failed;
      } catch {
        state.textContent = state.dataset.failed;
      }
    };
    work.addEventListener("input", (event) => {
      if (event.isComposing) return;
      clearTimeout(waiting);
      waiting = setTimeout(save, 1500);
    });
    work.addEventListener("submit", () => { leaving = true; clearTimeout(waiting); });
  }

  // Printing is offered where a script can do it.
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // A second click on the same button does nothing, but where a file is fetched and the page stays.
  for (const form of document.querySelectorAll("form[method=post]:not([data-again])")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent === "yes") event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
})();
