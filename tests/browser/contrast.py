"""How well the texts of a page stand out: the contrast of WCAG 2.2 (1.4.3), as the browser computes colours."""

_FAINT = """(least) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, i) => value * a + under[i] * (1 - a));
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    return over(rgba(getComputedStyle(element).backgroundColor), ground(element.parentElement));
  };
  const look = (element, text, pseudo) => {
    const behind = ground(element);
    const [one, other] = [light(over(rgba(getComputedStyle(element, pseudo).color), behind)), light(behind)];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    seen += 1;
    if (contrast < least) faint.push(`${contrast.toFixed(2)}: ${text.trim().slice(0, 40)}`);
  };
  const faint = [];
  let seen = 0;
  for (const element of document.body.querySelectorAll('*')) {
    if (element.matches(':disabled, script, noscript, option') || !element.checkVisibility()) continue;
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const text = own.map((node) => node.data).join('').trim();
    if (text) look(element, text);
    if (element.matches('select, input[type="text"]') && element.value) look(element, element.value);
    if (element.placeholder && !element.value) look(element, element.placeholder, '::placeholder');
  }
  return [seen, [...new Set(faint)]];
}"""


def faint_texts(page, least: float = 4.5) -> list[str]:
    """Contrast and beginning of each text that is seen and stands out less than it should from its ground.

    Pictures behind a text are not looked at; what is disabled is exempt.
    """
    seen, faint = page.evaluate(_FAINT, least)
    assert seen > 5, "there is no page"
    return faint
