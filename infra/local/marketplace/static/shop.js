// The few things a shop's page does by itself: swap pictures, count the cart, load more when the reader comes near.
"use strict";

const mainPicture = document.getElementById("main-picture");
const thumbs = document.querySelectorAll("[data-picture]");
for (const thumb of thumbs) {
  thumb.addEventListener("click", () => {
    mainPicture.src = thumb.dataset.picture;
    for (const each of thumbs) each.classList.toggle("chosen", each === thumb);
  });
}

document.getElementById("buy")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const quantity = Number(new FormData(event.target).get("quantity"));
  const count = document.getElementById("cart-count");
  count.textContent = Number(count.textContent) + quantity;
});

const shelf = document.getElementById("recommendations");
const watcher = new IntersectionObserver(async ([entry]) => {
  if (!entry.isIntersecting) return;
  watcher.disconnect();
  const answer = await fetch(shelf.dataset.source);
  // The server's own fragment, escaped there; nothing of the reader's goes into it.
  shelf.querySelector(".slot").innerHTML = answer.ok ? await answer.text() : "";
}, { rootMargin: "200px" });
watcher.observe(shelf);
