/**
 * Says so when a file of the page could not be loaded: then none of its modules runs, and nobody else would tell.
 * A script without imports. The last line of each page's own module marks the page as begun.
 */

(() => {
  const PATIENCE_MS = 2000; // after everything was loaded

  const begun = () => 'begun' in document.documentElement.dataset;

  function say() {
    if (begun()) return;
    const $ = (id) => document.getElementById(id);
    const what = 'This page could not be loaded whole.';
    const mend = 'Reload it. If that does not help, the server lacks a file of it: tell its operator.';
    if ($('state')) {
      $('state').dataset.tone = 'fault';
      $('state-word').textContent = what;
      $('state-text').textContent = mend;
    } else {
      $('summary').textContent = `${what} ${mend}`;
    }
  }

  function sayLater() {
    setTimeout(say, PATIENCE_MS);
  }

  addEventListener('error', ({ target }) => { if (target.tagName === 'SCRIPT') say(); }, true);
  if (document.readyState === 'complete') sayLater();
  else addEventListener('load', sayLater);
})();
