import { describe, expect, test } from 'vitest';
import { ConfigError, isLoopback, loadConfig, refuseOpenServer, settings } from '../src/config.js';

describe('settings', () => {
  test('have defaults that let a new user start', () => {
    expect(loadConfig({})).toEqual({
      port: 3000,
      host: '127.0.0.1',
      workflowsDir: 'workflows/',
      dataDir: './data',
      databaseUrl: null,
      databaseListenUrl: null,
      insecureDurability: false,
      corsOrigins: [],
      allowedHosts: [],
      basePath: '/',
      trustProxy: false,
      frameAncestors: [],
      apiOnly: false,
      reapIntervalSecs: 5,
      stopGraceSecs: 10,
      doctorIntervalSecs: 3600,
      retentionRunsDays: 30,
      logHeadMib: 16,
      logTailMib: 48,
      retentionLogsDays: 14,
      retentionAuditDays: 365,
      tlsCert: null,
      tlsKey: null,
      logLevel: 'info',
      logFormat: null,
      insecure: false,
      shutdownTimeoutSecs: 10,
    });
  });

  test('come from the environment, and a flag wins', () => {
    const env = { PORT: '4000', CORS_ORIGINS: 'https://A.example, http://b.example:80', API_ONLY: '1', HOST: '[::1]' };
    expect(loadConfig(env, { port: '5000', insecure: true })).toMatchObject({
      port: 5000,
      corsOrigins: ['https://a.example', 'http://b.example'],
      apiOnly: true,
      host: '::1',
      insecure: true,
    });
  });

  test('an empty variable is an absent one', () => {
    expect(loadConfig({ PORT: '', LOG_LEVEL: ' ', TLS_CERT: '' })).toEqual(loadConfig({}));
  });

  test.each([
    [{ PORT: '70000' }, 'PORT is "70000"; it must be a whole number from 0 to 65535'],
    [{ PORT: '30x' }, 'PORT is "30x"; it must be a whole number from 0 to 65535'],
    [{ PORT: '-1' }, 'PORT is "-1"; it must be a whole number from 0 to 65535'],
    [{ HOST: 'http://x' }, 'HOST is "http://x"; it must be an IP address or a host name'],
    [{ REAP_INTERVAL_SECS: '0' }, 'REAP_INTERVAL_SECS is "0"; it must be a number of seconds from 0.1 to 3600'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud"; it must be trace, debug, info, warn, error, fatal or silent'],
    [{ LOG_FORMAT: 'xml' }, 'LOG_FORMAT is "xml"; it must be json or human'],
    [{ API_ONLY: 'maybe' }, 'API_ONLY is "maybe"; it must be true or false'],
    [
      { DATABASE_URL: 'mysql://x' },
      'DATABASE_URL is "mysql://x"; it must be a URL that starts with postgres:// or postgresql://',
    ],
    [
      { CORS_ORIGINS: 'https://a.example/path' },
      'CORS_ORIGINS is "https://a.example/path"; it must be origins such as https://ci.example.com, separated by commas, or *',
    ],
    [
      { ALLOWED_HOSTS: 'a:80' },
      'ALLOWED_HOSTS is "a:80"; it must be host names without scheme and port, separated by commas',
    ],
    [{ TLS_CERT: 'cert.pem' }, 'TLS_CERT is set but TLS_KEY is not; TLS needs both'],
    [{ TLS_KEY: 'key.pem' }, 'TLS_KEY is set but TLS_CERT is not; TLS needs both'],
  ])('%j is refused, saying what is accepted', (env, message) => {
    expect(() => loadConfig(env)).toThrow(new ConfigError(message));
  });

  test('all bad ones are named at once, by the name under which they came', () => {
    expect(() => loadConfig({ LOG_LEVEL: 'loud' }, { port: 'x' })).toThrow(
      '--port is "x"; it must be a whole number from 0 to 65535\nLOG_LEVEL is "loud"',
    );
  });

  test('each has an environment variable, a flag and a meaning of its own', () => {
    const all = Object.values(settings);
    expect(new Set(all.map(({ env }) => env)).size).toBe(all.length);
    expect(new Set(all.map(({ flag }) => flag)).size).toBe(all.length);
    for (const { env, flag, meaning } of all) {
      expect(env).toMatch(/^[A-Z][A-Z_]+$/);
      expect(flag).toMatch(/^--[a-z-]+$/);
      expect(meaning).toMatch(/\.$/);
    }
  });

  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });
});

describe('a server that others can reach', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.5.5.5', true],
    ['::1', true],
    ['0:0:0:0:0:0:0:1', true],
    ['::ffff:127.0.0.1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['::11', false],
    ['2001::1', false],
    ['localhost.example.com', false],
    ['ci.example.com', false],
  ])('%s is loopback: %s', (host, loopback) => {
    expect(isLoopback(host)).toBe(loopback);
  });

  test('needs tokens, or an explicit override', () => {
    const open = { host: '0.0.0.0', insecure: false };
    expect(() => refuseOpenServer(open, false)).toThrow(ConfigError);
    expect(() => refuseOpenServer(open, false)).toThrow(/HOST is "0\.0\.0\.0".*token create.*--insecure/);
    expect(() => refuseOpenServer(open, true)).not.toThrow();
    expect(() => refuseOpenServer({ ...open, insecure: true }, false)).not.toThrow();
    expect(() => refuseOpenServer({ ...open, host: '127.0.0.1' }, false)).not.toThrow();
  });
});
