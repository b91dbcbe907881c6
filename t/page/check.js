// check.js PAGE OUT: looks at a page of `greenlane report --html` in Chromium, at the width of a phone and of a desk, light and
// dark, and in print. Prints TAP; screenshots stay in OUT. Run by t/page/check.
'use strict';

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [page_file, out] = process.argv.slice(2);
const name = path.basename(page_file, '.html');
const screens = [[390, 844], [1280, 800]];
let count = 0, failed = 0;

function ok(good, what, ...notes) {
  count++;
  if (!good) failed++;
  console.log(`${good ? '' : 'not '}ok ${count} - ${name}: ${what}`);
  if (!good) for (const note of notes) console.log(`# ${note}`);
}

async function look(browser, width, height, scheme) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const page = await context.newPage();
  const asked = [], said = [], where = `${width} pixels, ${scheme}`;

  page.on('request', (request) => { if (!request.url().startsWith('file:')) asked.push(request.url()); });
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  await page.goto(pathToFileURL(page_file).href);
  ok(asked.length === 0 && said.length === 0, `nothing is fetched and nothing is said, ${where}`, ...asked, ...said);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  ok(wide <= width, `it does not scroll sideways, ${where}`, `${wide} pixels wide`);
  const cards = await page.evaluate(() => [...document.querySelectorAll('.cards li')].map((card) => card.getBoundingClientRect().bottom));
  ok(cards.length === 4 && (width < 1000 || Math.max(...cards) <= height), `the four answers are on the first screen, ${where}`, cards.join(' '));
  await page.evaluate(() => { for (const box of document.querySelectorAll('details')) box.open = true; });
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  ok(found.violations.length === 0, `axe-core finds nothing, ${where}`,
    ...found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.length}, as ${one.nodes[0].html.slice(0, 200)}`));
  await page.evaluate(() => { for (const box of document.querySelectorAll('details')) box.open = false; });
  await page.screenshot({ path: path.join(out, `${name}-${width}-${scheme}.png`), fullPage: true, timeout: 600000 });
  await context.close();
}

// Every chart has words, and a table follows it; every link and box can be reached by the keyboard.
async function structure(browser) {
  const page = await browser.newPage();

  await page.goto(pathToFileURL(page_file).href);
  const charts = await page.evaluate(() => [...document.querySelectorAll('.s')].filter((chart) =>
    [...chart.querySelectorAll('svg')].some((svg) => svg.getAttribute('role') !== 'img' || !svg.getAttribute('aria-label')) ||
    !(chart.nextElementSibling && chart.nextElementSibling.matches('details') && chart.nextElementSibling.querySelector('table'))).length);
  ok(charts === 0, 'each chart has its words and its table', `${charts} have not`);
  const anchors = await page.evaluate(() => [...document.querySelectorAll('a[href^="#"]')].filter((link) =>
    !document.getElementById(link.getAttribute('href').slice(1))).map((link) => link.outerHTML));
  ok(anchors.length === 0, 'each link leads somewhere', ...anchors);
  const focused = await page.evaluate(() => [...document.querySelectorAll('a, summary, .t')].filter((one) => one.checkVisibility()).length);
  let reached = 0;
  for (; reached < Math.min(focused, 40); reached++) {
    await page.keyboard.press('Tab');
    if (!await page.evaluate(() => document.activeElement && document.activeElement.matches('a, summary, .t'))) break;
  }
  ok(reached === Math.min(focused, 40) && focused > 0, 'the keyboard reaches each link and box', `${reached} of ${focused}`);
  await page.emulateMedia({ media: 'print' });
  await page.pdf({ path: path.join(out, `${name}.pdf`), format: 'A4' });
  ok(fs.statSync(path.join(out, `${name}.pdf`)).size > 1000, 'it can be printed');
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    for (const [width, height] of screens)
      for (const scheme of ['light', 'dark'])
        await look(browser, width, height, scheme);
    await structure(browser);
  } finally {
    await browser.close();
  }
  console.log(`1..${count}`);
  process.exit(failed === 0 ? 0 : 1);
})().catch((error) => { console.log(`Bail out! ${error.message}`); process.exit(99); });
