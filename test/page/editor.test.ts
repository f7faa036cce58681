import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { createToken } from '../support/page/tokens.js';
import { startServerProcess } from '../support/server-process.js';

const first = 'name: Deploy\njobs:\n  build:\n    run: make\n';

it('a workflow is written, checked while it is written, stored, changed and compared', async () => {
  const server = await startServerProcess();
  const page = await openPage(`${server.url}/workflows/new`);
  const text = page.getByRole('textbox', { name: 'Text of the definition' });
  await page.getByText('No problems', { exact: true }).waitFor();
  await page
    .getByRole('region', { name: /^Graph of the text/ })
    .getByText('test')
    .waitFor();

  await text.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('jobs:\n  a: { needs: b, run: x }\n');
  await page.getByText('job "a" needs "b"').first().waitFor();
  const go = page.getByRole('button', { name: /^line 2, column/ });
  await go.waitFor();
  // Escape and Tab leave the editor; Tab alone indents.
  await go.click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.shadowRoot === null')).toBe(true);

  await text.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(first);
  await page.getByText('No problems', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Create the workflow' }).click();
  await page.waitForURL(/\/workflows\/[0-9a-f-]{36}\/edit$/);
  const id = page.url().split('/').at(-2) ?? '';
  await page.getByText('sent to the API').waitFor();

  await text.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText('    timeout: 10m\n');
  // What is not saved is not lost by a link.
  await page.getByRole('link', { name: 'Workflows' }).first().click();
  await page.getByRole('dialog').getByText('The text has changes that are not saved.').waitFor();
  await page.getByRole('button', { name: 'Stay here' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Version 2 is saved').waitFor();

  await page.goto(`${server.url}/workflows/${id}?tab=definition`);
  await page.getByText('timeout: 10m').waitFor();
  await page.getByLabel('Compare with').selectOption('1');
  await page.getByText('1 line added, 0 lines removed').waitFor();
  const added = page.locator('tr[data-kind="added"]');
  expect(await added.textContent()).toMatch(/\+added\s*timeout: 10m/);
  expect(page.url()).toContain('compare=1');
  await page.getByRole('combobox', { name: 'Version' }).selectOption('2');
  await page.goto(`${server.url}/workflows/${id}?tab=definition&version=1`);
  await page.getByRole('region', { name: 'Text of version 1' }).waitFor();
});

it('keys are completed from the schema of workflow files, and their meaning is shown', async () => {
  const server = await startServerProcess();
  const page = await openPage(`${server.url}/workflows/new`);
  await page.getByRole('textbox', { name: 'Text of the definition' }).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('jobs:\n  build:\n    run: make\n    ');
  await page.keyboard.type('prio');
  await page.getByRole('option', { name: 'priority' }).click();
  await page.keyboard.type('3');
  await page.getByText('No problems', { exact: true }).waitFor();
  await page.getByText('priority', { exact: true }).first().hover();
  await page.locator('.cm-explained').waitFor();
});

it('a change by somebody else is not overwritten', async () => {
  const server = await startServerProcess();
  const id = await server.api().define({
    name: 'Deploy',
    trigger: '',
    jobs: [{ id: 'a', name: 'a', command: 'true', depends_on: [], required_labels: [], max_retries: 0 }],
  });
  const page = await openPage(`${server.url}/workflows/${id}/edit`);
  const text = page.getByRole('textbox', { name: 'Text of the definition' });
  await text.click();
  const other = { name: 'Other', trigger: '', jobs: [{ id: 'b', command: 'true' }] };
  const put = await fetch(`${server.url}/api/workflows/${id}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(other),
  });
  expect(put.status).toBe(200);
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText('\n');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('alert').getByText('version 2 of workflow').waitFor();
});

it('a workflow of a file is read-only and names its file; a reader is told the scope', async () => {
  const server = await startServerProcess();
  writeFileSync(join(server.workflowsDir, 'ci.yml'), first);
  const page = await openPage(`${server.url}/workflows`);
  await expect
    .poll(async () => (await server.api().get('/api/workflows/ci/definition')).status, { timeout: 60_000 })
    .toBe(200);
  await page.goto(`${server.url}/workflows/ci/edit`);
  await page.getByText('in the workflows folder of the server').waitFor();
  await page.getByText('ci.yml').first().waitFor();
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
  await page.getByRole('textbox', { name: 'Text of the definition' }).click();
  await page.keyboard.type('x');
  await page.getByText('No problems', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Download' }).waitFor();

  await createToken(server, 'root', 'admin');
  const reader = await createToken(server, 'reader', 'read');
  await page.goto(`${server.url}/sign-in?next=/workflows/ci/edit`);
  await page.getByLabel('Token').fill(reader);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Needs a token with the scope submit.').waitFor();
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
  await page.goto(`${server.url}/workflows/ci?tab=definition`);
  await page.getByText('The text of a definition needs a token with the scope submit').waitFor();
});
