/** The addresses of a stream, and rows with a button that copies one. */

export function addressesOf(stream, origin = location.origin) {
  const token = encodeURIComponent(new URLSearchParams(location.search).get('token') ?? '');
  return {
    watch: `${origin}/watch/${stream}${token && `?token=${token}`}`,
    playlist: `${origin}/live/${token && `~${token}/`}${stream}/index.m3u8`,
    publish: `${origin}/publish/${stream}`,
    whip: `${origin}/whip/${stream}`,
  };
}

/** The stream named by the page's own address (`/watch/{stream}`). */
export function streamOfPage() {
  return decodeURIComponent(location.pathname.split('/')[2] ?? '');
}

/** A row: the address, and a button that copies it. `what` names it for people who hear the page. */
export function addressRow(what, address) {
  const row = document.createElement('div');
  row.className = 'address';
  const code = document.createElement('code');
  code.textContent = address;
  code.title = address;
  row.append(code, copyButton(`Copy ${what}`, () => address));
  return row;
}

/** A button that copies `text()`; it says so for two seconds, aloud too. */
export function copyButton(label, text, shown = 'Copy') {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'small-button';
  button.setAttribute('aria-label', label);
  const word = document.createElement('span');
  word.setAttribute('aria-live', 'polite');
  word.textContent = shown;
  button.append(word);
  button.addEventListener('click', async () => {
    word.textContent = (await copy(text())) ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { word.textContent = shown; }, 2000);
  });
  return button;
}

/** The clipboard of the browser needs https or localhost; elsewhere the old command still works. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = document.activeElement;
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'sr-only';
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    focused?.focus();
    return done;
  }
}
