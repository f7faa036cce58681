import { expect, it } from 'vitest';
import { openPage } from '../support/page/browser.js';
import { startServerProcess } from '../support/server-process.js';

const grouped = `name: deploy
on: manual
concurrency: production
jobs:
  deploy: { run: 'true' }
`;

const scheduled = `name: nightly
on:
  schedule:
    - { cron: '30 2 * * *', timezone: Europe/Berlin }
jobs:
  build: { run: 'true' }
`;

it('a run that waits for a place in its group says so, and names the run that has the place', async () => {
  const server = await startServerProcess();
  const workflow = await server.api().define(grouped);
  const holder = await server.api().run(workflow);
  const held = await server.api().run(workflow);
  const page = await openPage(`${server.url}/runs`);
  await page.getByText('waits for a place in the group production').waitFor();
  await page.goto(`${server.url}/runs/${held}`);
  await page.getByText('Group production.').waitFor();
  await page.getByRole('link', { name: holder.slice(0, 13) }).waitFor();
  await page.goto(`${server.url}/queue`);
  const groups = page.getByRole('list', { name: 'Groups in which runs or jobs wait' });
  await groups.getByText('1 run has a place').waitFor();
  await groups
    .getByRole('link', { name: holder.slice(0, 13) })
    .first()
    .click();
  await page.waitForURL(new RegExp(`/runs/(${holder}|${held})`));
});

it('a workflow shows its schedules, which can be paused and resumed there', async () => {
  const server = await startServerProcess();
  const workflow = await server.api().define(scheduled);
  const page = await openPage(`${server.url}/workflows/${workflow}`);
  const schedules = page.getByRole('list', { name: 'Schedules' });
  await schedules.getByText('30 2 * * *').first().waitFor();
  await schedules.getByText(/next in/).waitFor();
  await schedules.getByRole('button', { name: 'Pause' }).click();
  await schedules.getByText('paused', { exact: true }).waitFor();
  await schedules.getByRole('button', { name: 'Resume' }).click();
  await schedules.getByText(/next in/).waitFor();
  expect(await schedules.getByRole('button', { name: 'Pause' }).count()).toBe(1);
});
