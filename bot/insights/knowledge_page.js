(function () {
  "use strict";
  var form = document.querySelector(".filters"), cards = Array.from(document.querySelectorAll("article"));
  function fits(card) {
    return Array.from(form.querySelectorAll("select")).every(function (choice) {
      return !choice.value || card.dataset[choice.name].split(" ").indexOf(choice.value) >= 0;
    }) && form.words.value.toLowerCase().split(/\s+/).every(function (word) { return card.dataset.words.indexOf(word) >= 0; });
  }
  function show() {
    var shown = 0;
    cards.forEach(function (card) { card.hidden = !fits(card); if (!card.hidden) { shown += 1; } });
    document.querySelectorAll("main section").forEach(function (section) {
      section.hidden = !section.querySelector("article:not([hidden])");
    });
    form.querySelector("output").textContent = shown + " von " + cards.length + " Themen";
    document.getElementById("nothing").hidden = shown > 0;
  }
  form.addEventListener("input", show);
  form.addEventListener("reset", function () { setTimeout(show); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  show();
}());
