// Keeps the page of a run new: the head each second, the rest when an epoch or an arm has ended. After the end the page stays, and asks
// seldom: the run of the next seed may answer.
"use strict";

const load = async path => {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
};

// Details that were opened stay open.
const replace = (old, next) => {
  const [before, after] = [old, next].map(part => [...part.querySelectorAll("details")]);
  if (before.length === after.length) after.forEach((part, i) => { part.open = before[i].open; });
  old.replaceWith(next);
};

const refresh = async () => {
  const now = document.querySelector("section.now");
  try {
    const next = (await load("/now")).querySelector("section.now");
    if (next.dataset.version === now.dataset.version) replace(now, next);
    else replace(document.querySelector("main"), (await load("/")).querySelector("main"));
    setTimeout(refresh, 1000);
  } catch {
    now.querySelector(".contact").textContent = now.dataset.lost;
    setTimeout(refresh, 5000);
  }
};

setTimeout(refresh, 1000);
