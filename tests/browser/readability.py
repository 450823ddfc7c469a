"""What a script can check of readability, shadow roots included: contrast, names, target sizes (WCAG 2.2 AA)."""

from typing import Any, Final

from playwright.sync_api import Page

ELEMENTS: Final = """
function* every(root) {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    if (element.shadowRoot) yield* every(element.shadowRoot);
  }
}
const shown = (element) => {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return box.width > 1 && box.height > 1 && style.visibility === "visible" && style.clipPath === "none";
};
"""

POOR_CONTRAST: Final = (
    "() => {"
    + ELEMENTS
    + """
  const channels = (text) => {
    const numbers = text.match(/[\\d.]+/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    return [...numbers.slice(0, 3).map((value) => value * scale), numbers[3] ?? 1];
  };
  const luminance = ([r, g, b]) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, channel) => sum + value * [0.2126, 0.7152, 0.0722][channel], 0);
  const over = ([r, g, b, a], below) => [r, g, b].map((value, channel) => value * a + below[channel] * (1 - a));
  const ground = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement ?? node.getRootNode().host) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      layers.unshift(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const poor = [];
  for (const element of every(document)) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    const ghost = element.matches("textarea:placeholder-shown") && element.placeholder;
    if (!(text || ghost) || !shown(element) || element.matches("script, style, title, noscript")) continue;
    const style = getComputedStyle(element, ghost ? "::placeholder" : null);
    const below = ground(element);
    const [light, dark] = [luminance(over(channels(style.color), below)), luminance(below)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (light + 0.05) / (dark + 0.05);
    const words = (text || ghost).slice(0, 40);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${element.tagName} "${words}"`);
  }
  return poor;
}"""
)

NAMELESS: Final = (
    "() => {"
    + ELEMENTS
    + """
  const labels = (element) => [...(element.labels ?? [])].map((label) => label.textContent).join("");
  const named = (element) => element.getAttribute("aria-label") || element.hasAttribute("aria-labelledby")
    || labels(element) || element.textContent.trim();
  return [...every(document)]
    .filter((element) => element.matches("a, button, input, textarea, summary, [role=log], dialog"))
    .filter((element) => shown(element) && !named(element))
    .map((element) => element.outerHTML.slice(0, 120));
}"""
)

SMALL_TARGETS: Final = (
    "() => {"
    + ELEMENTS
    + """
  return [...every(document.querySelector("charla-widget").shadowRoot)]
    .filter((element) => element.matches("button, summary, textarea, .stars label") && shown(element))
    .map((element) => [element.getBoundingClientRect(), element])
    .filter(([box]) => box.width < 43.5 || box.height < 43.5)
    .map(([box, element]) => `${box.width.toFixed()}×${box.height.toFixed()} ${element.outerHTML.slice(0, 80)}`);
}"""
)


def assert_readable(page: Page) -> None:
    """All text at 4.5:1 (large text 3:1), every control with a name, the widget's targets 44 px."""
    found: dict[str, Any] = {
        "contrast": page.evaluate(POOR_CONTRAST),
        "nameless": page.evaluate(NAMELESS),
        "targets": page.evaluate(SMALL_TARGETS),
    }
    assert found == {"contrast": [], "nameless": [], "targets": []}
