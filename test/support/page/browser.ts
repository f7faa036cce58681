import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, expect, onTestFinished } from 'vitest';
import { scaled } from '../machine.js';

/** The path on Debian and others; `CHROMIUM` overrides it. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const chromiumFile = [process.env.CHROMIUM ?? '', ...places].find((file) => file !== '' && existsSync(file));

let browser: Promise<Browser> | null = null;

afterAll(async () => {
  await (await browser)?.close();
  browser = null;
});

export interface PageOptions {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
}

/**
 * A tab in its own browser. The test fails if the page violates its policy, throws, or requests anything from another
 * host.
 */
export async function openPage(url: string, options: PageOptions = {}): Promise<Page> {
  return (await openBrowser(options)).open(url);
}

export interface OpenBrowser {
  readonly context: BrowserContext;
  open(url: string): Promise<Page>;
}

export async function openBrowser({ theme = 'light', width = 1280 }: PageOptions = {}): Promise<OpenBrowser> {
  browser ??= launch();
  const context = await (await browser).newContext({
    viewport: { width, height: width < 500 ? 844 : 860 },
    colorScheme: theme,
    hasTouch: width < 500,
  });
  context.setDefaultTimeout(scaled(20_000));
  const faults: string[] = [];
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  return {
    context,
    async open(url) {
      const { origin } = new URL(url);
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(`${error.stack ?? error}`));
      page.on('console', (message) => {
        if (/Content Security Policy|Trusted Type/i.test(message.text())) faults.push(message.text());
      });
      page.on('request', (request) => {
        const asked = request.url();
        if (!asked.startsWith(`${origin}/`) && !/^(blob|data):/.test(asked)) faults.push(`asked for ${asked}`);
      });
      await page.goto(url);
      return page;
    },
  };
}

function launch(): Promise<Browser> {
  if (chromiumFile === undefined)
    throw new Error('no Chromium found: install the package chromium, or set CHROMIUM to its path');
  return chromium.launch({
    executablePath: chromiumFile,
    timeout: scaled(60_000),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
