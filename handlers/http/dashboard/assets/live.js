// Lets a page follow a subscription: <div data-stream="/ui/stream/…"> gets one <pre> an item.
const MAX_ITEMS = 500;

function follow(element) {
  const status = document.getElementById(element.dataset.status);
  const source = new EventSource(element.dataset.stream);
  const say = (text) => status && (status.textContent = text);
  source.addEventListener("open", () => say("Following"));
  source.addEventListener("error", () => say("Interrupted, trying again"));
  source.addEventListener("item", ({ data }) => {
    const line = document.createElement("pre");
    line.textContent = data;
    element.prepend(line);
    while (element.childElementCount > MAX_ITEMS) element.lastElementChild.remove();
  });
  source.addEventListener("end", ({ data }) => {
    source.close();
    say(data);
  });
  const stop = document.getElementById(element.dataset.stop);
  stop?.addEventListener("click", () => {
    source.close();
    say("Stopped");
    stop.remove();
  });
}

for (const element of document.querySelectorAll("[data-stream]")) follow(element);
