import { expect, test } from 'vitest';
import { SignInLimit } from '../../src/http/sign-in-limit.js';

test('the sixth wrong token within a minute must wait; one from another address does not', () => {
  const limit = new SignInLimit();
  for (let at = 0; at < 5; at++) expect(limit.begin('a', at * 1_000).waitSecs).toBeNull();
  expect(limit.begin('a', 10_000).waitSecs).toBe(50);
  expect(limit.begin('a', 59_999).waitSecs).toBe(1);
  expect(limit.begin('b', 10_000).waitSecs).toBeNull();
  expect(limit.begin('a', 60_000).waitSecs).toBeNull();
  expect(limit.begin('a', 60_000).waitSecs).toBe(1);
});

test('valid tokens do not count', () => {
  const limit = new SignInLimit();
  for (let at = 0; at < 20; at++) limit.begin('a', at).succeeded();
  expect(limit.begin('a', 20).waitSecs).toBeNull();
});

test('attempts in progress count, so that many at once are not let through', () => {
  const limit = new SignInLimit();
  const attempts = [1, 2, 3, 4, 5].map(() => limit.begin('a', 0));
  expect(limit.begin('a', 0).waitSecs).toBe(60);
  attempts[0]?.succeeded();
  expect(limit.begin('a', 0).waitSecs).toBeNull();
});
