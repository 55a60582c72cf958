// xterm.js writes its styles into <style> elements and style attributes of its spans. The policy of
// these pages refuses both, whoever writes them, and lets scripts set rules and properties: so that
// is where the same text goes here.
const createElement = document.createElement.bind(document);

document.createElement = (name, options) =>
  name === "style" ? styleElement() : createElement(name, options);

// Stands where xterm.js puts it and shows nothing; its text is a constructed sheet.
function styleElement() {
  const element = createElement("meta");
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, "textContent", { set: (text) => sheet.replaceSync(text) });
  return element;
}

HTMLSpanElement.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
};
