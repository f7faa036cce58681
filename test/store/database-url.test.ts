import { describe, expect, it } from 'vitest';
import { databaseName, withoutPassword } from '../../src/store/postgres/database-name.js';
import { FirstOf, urlsOf } from '../../src/store/postgres/hosts.js';

describe('the URL of a database', () => {
  it.each([
    ['postgres://u:p@db/w', ['postgres://u:p@db/w']],
    [
      'postgres://u:p@a:1,b:2/w?sslmode=require',
      ['postgres://u:p@a:1/w?sslmode=require', 'postgres://u:p@b:2/w?sslmode=require'],
    ],
    ['postgresql://a,b,[::1]:5433/w', ['postgresql://a/w', 'postgresql://b/w', 'postgresql://[::1]:5433/w']],
    ['postgres://u:a%2Cb@db/w', ['postgres://u:a%2Cb@db/w']],
  ])('%s names each database', (url, urls) => {
    expect(urlsOf(url)).toEqual(urls);
  });

  it('is shown without user and password, and offered for copying without the password', () => {
    expect(databaseName('postgres://u:p@a:1,b/w?x=1')).toBe('a:1,b/w');
    expect(withoutPassword('postgres://u:p%40q@a:1,b/w?x=1')).toBe('postgres://u@a:1,b/w?x=1');
    expect(withoutPassword('postgres://u@a/w')).toBe('postgres://u@a/w');
  });
});

describe('several databases', () => {
  it('the first that can be opened is used, and tried first from then on', async () => {
    const asked: string[] = [];
    const databases = new FirstOf<string>('postgres://a,b,c/w');
    const open = async (url: string) => {
      asked.push(new URL(url).hostname);
      if (url.includes('a')) throw new Error('a standby');
      return url;
    };
    const withoutA = async (url: string) => open(url.replace('postgres', 'pg'));
    expect(await databases.open(withoutA)).toContain('//b/');
    expect(await databases.open(withoutA)).toContain('//b/');
    expect(asked).toEqual(['a', 'b', 'b']);
    await expect(databases.open(async () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });
});
