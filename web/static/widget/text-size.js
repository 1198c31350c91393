/** The reader's own text size inside a shadow root. A foreign page may have set its root to anything; `medium` is what the browser was told. */

/** @param {HTMLElement} host */
export function measureText(host) {
  const probe = document.createElement("span");
  probe.style.cssText = "position:absolute;visibility:hidden;font-size:medium";
  host.shadowRoot?.append(probe);
  const size = getComputedStyle(probe).fontSize;
  probe.remove();
  if (parseFloat(size) > 0) host.style.setProperty("--rem", size);
}
