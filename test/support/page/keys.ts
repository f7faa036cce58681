import type { Page } from 'playwright-core';

/** Presses Tab until the focused element shows a text, like a user without a mouse. */
export async function tabTo(page: Page, text: string): Promise<void> {
  const focused = `(document.activeElement.innerText || document.activeElement.name || '').trim()`;
  for (let presses = 0; presses < 80; presses++) {
    if ((await page.evaluate(focused)) === text) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no Tab reaches ${text}`);
}
