// Uploads: <section data-upload="/folder"> takes files, chosen or dropped, one after the other.
const waiting = [];
let busy = false;

function take(section, files) {
  for (const file of files) {
    const line = document.createElement("li");
    section.querySelector(".uploads").append(line);
    const stopped = new AbortController();
    const shown = controls(line, file);
    shown.stop.addEventListener("click", () => stopped.abort());
    waiting.push({ section, file, line, signal: stopped.signal, ...shown });
  }
  if (!busy) next();
}

function controls(line, { name }) {
  const title = document.createElement("span");
  title.textContent = name;
  const progress = document.createElement("progress");
  progress.setAttribute("aria-label", "Progress");
  progress.value = 0;
  const said = document.createElement("span");
  said.textContent = "Waiting";
  const stop = document.createElement("button");
  stop.type = "button";
  stop.className = "plain";
  stop.textContent = "Stop";
  line.append(title, progress, said, stop);
  return { progress, said, stop };
}

async function next() {
  const upload = waiting.shift();
  busy = upload !== undefined;
  if (!upload) return;
  const { said, progress, stop, line } = upload;
  try {
    const words = await send(upload);
    said.textContent = words ?? "Done";
    line.className = words ? "error" : "done";
    if (!words) document.body.dispatchEvent(new CustomEvent("changed"));
  } catch {
    said.textContent = upload.signal.aborted ? "Stopped" : "The connection broke off";
    line.className = "error";
  }
  progress.remove();
  stop.remove();
  next();
}

// Undefined when it is done, else why it is not, in words.
async function send({ section, file, signal, progress, said }) {
  const path = encodeURIComponent(`${section.dataset.upload}/${file.name}`);
  const answer = await fetch(`/ui/files/taken?path=${path}`, { signal });
  const isTaken = await answer.text() === "yes";
  if (isTaken && !confirm(`"${file.name}" is there already. Replace it?`)) {
    return "Left as it was";
  }
  const folder = encodeURIComponent(section.dataset.upload);
  const to = `/ui/files/upload?path=${folder}&name=${encodeURIComponent(file.name)}`;
  const { promise, resolve, reject } = Promise.withResolvers();
  const xhr = new XMLHttpRequest(); // fetch does not tell how much has been sent
  xhr.open("PUT", to);
  xhr.setRequestHeader("content-type", "application/octet-stream");
  xhr.setRequestHeader("x-csrf-token", section.dataset.csrf);
  if (!isTaken) xhr.setRequestHeader("if-none-match", "*");
  xhr.upload.addEventListener("progress", ({ loaded, total }) => {
    progress.max = total || 1;
    progress.value = loaded;
    said.textContent = `${Math.floor(100 * loaded / (total || 1))} %`;
  });
  xhr.addEventListener("load", () => {
    resolve(xhr.status === 201 ? undefined : xhr.responseText || "It has failed");
  });
  xhr.addEventListener("error", reject);
  xhr.addEventListener("abort", () => resolve("Stopped"));
  signal.addEventListener("abort", () => xhr.abort());
  xhr.send(file);
  return await promise;
}

function drops(section) {
  section.addEventListener("dragover", (event) => {
    event.preventDefault();
    section.classList.add("over");
  });
  section.addEventListener("dragleave", () => section.classList.remove("over"));
  section.addEventListener("drop", (event) => {
    event.preventDefault();
    section.classList.remove("over");
    take(section, event.dataTransfer.files);
  });
}

for (const section of document.querySelectorAll("[data-upload]")) {
  drops(section);
  const input = section.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    take(section, [...input.files]);
    input.value = "";
  });
}

addEventListener("beforeunload", (event) => {
  if (busy) event.preventDefault();
});
