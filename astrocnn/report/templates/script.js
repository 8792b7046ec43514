"use strict";
(() => {
  document.documentElement.classList.add("scripted"); // what only a script can do is hidden without one
  const announce = (text) => { document.getElementById("announcement").textContent = text; };

  const copyText = async (text) => {
    if (navigator.clipboard) {
      try { await navigator.clipboard.writeText(text); return true; } catch { /* the old way follows */ }
    }
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const copied = await copyText(button.dataset.copy);
    announce(copied ? "copied" : "could not copy");
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1200);
  });

  document.querySelectorAll("input.pixels").forEach((box) => box.addEventListener("change", () => {
    box.closest("section").classList.toggle("pixelated", box.checked);
  }));

  const viewer = document.getElementById("viewer");
  let current = null;
  const show = (card) => {
    current = card;
    const stamp = card.querySelector(".stamp");
    viewer.querySelector("#viewer-title").textContent = card.dataset.title;
    viewer.querySelector(".viewer-picture").replaceChildren(...[...stamp.children].map((child) => child.cloneNode(true)));
    viewer.querySelector(".viewer-fields").replaceChildren(card.querySelector("template").content.cloneNode(true));
    if (!viewer.open) viewer.showModal();
  };
  const step = (by) => {
    const cards = [...current.closest("section").querySelectorAll(".card")];
    show(cards[(cards.indexOf(current) + by + cards.length) % cards.length]);
  };
  document.addEventListener("click", (event) => {
    const stamp = event.target.closest(".card .stamp");
    if (stamp) show(stamp.closest(".card"));
    const button = event.target.closest("#viewer [data-step]");
    if (button) step(Number(button.dataset.step));
    if (event.target === viewer) viewer.close();
  });
  viewer.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  viewer.addEventListener("close", () => { if (current) current.querySelector(".stamp").focus(); });

  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  document.querySelectorAll("main section").forEach((section) => watcher.observe(section));
})();
