// What a page needs is away for a moment: look whether it is back, and then show what was asked for.
const EVERY_MS = 5000;

async function look() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (response && response.status !== 503) location.reload();
  else setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
