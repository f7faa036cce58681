import { expect, test } from 'vitest';
import { jobTitle } from '../../src/cli/watch/job-title.js';

test.each([
  ['a job', { id: 'test', name: 'Tests' }, undefined, 'test'],
  ['a child', { id: 'test.4', name: 'test (mac, 2)' }, { id: 'test', name: 'test' }, 'test.4 (mac, 2)'],
  [
    'a child of a job with a name',
    { id: 'test.4', name: 'Tests (mac)' },
    { id: 'test', name: 'Tests' },
    'test.4 (mac)',
  ],
  ['a child with a name', { id: 'test.4', name: 'on mac' }, { id: 'test', name: 'test' }, 'test.4 (on mac)'],
  ['a child, where the name of its job is unknown', { id: 't.0', name: 't (1)' }, { id: 't', name: '' }, 't.0 (1)'],
  ['a child whose name has control characters', { id: 't.0', name: 'a\u0007b' }, { id: 't', name: 't' }, 't.0 (a␇b)'],
])('the title of %s', (_, job, node, title) => {
  expect(jobTitle(job, node)).toBe(title);
});
