import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../src/config.js';
import { readTlsFiles } from '../../src/http/tls-files.js';
import { selfSigned } from '../support/self-signed.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a certificate and its key are accepted', async () => {
  const files = selfSigned(temporaryFolder());
  expect(await readTlsFiles(files)).toMatchObject({ cert: expect.any(Buffer), key: expect.any(Buffer) });
  expect(await readTlsFiles({ tlsCert: null, tlsKey: null })).toBeNull();
});

test('an invalid certificate or key is refused with the names of the setting and the file', async () => {
  const folder = temporaryFolder();
  const own = selfSigned(folder);
  const other = selfSigned(folder, 'other');
  const garbage = join(folder, 'garbage.pem');
  writeFileSync(garbage, 'no certificate\n');
  const absent = join(folder, 'absent.pem');
  const refusal = async (files: { tlsCert: string; tlsKey: string }) => {
    const error = await readTlsFiles(files).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  };
  expect(await refusal({ ...own, tlsCert: absent })).toContain(`TLS_CERT is "${absent}", which cannot be read: ENOENT`);
  expect(await refusal({ ...own, tlsKey: absent })).toContain(`TLS_KEY is "${absent}", which cannot be read: ENOENT`);
  expect(await refusal({ ...own, tlsCert: folder })).toContain(`TLS_CERT is "${folder}", which cannot be read: EISDIR`);
  expect(await refusal({ ...own, tlsCert: garbage })).toContain(
    `TLS_CERT is "${garbage}"; it must hold a certificate, in PEM form: `,
  );
  expect(await refusal({ ...own, tlsKey: own.tlsCert })).toContain(
    `TLS_KEY is "${own.tlsCert}"; it must hold a private key without a passphrase, in PEM form: `,
  );
  expect(await refusal({ ...own, tlsKey: other.tlsKey })).toBe(
    `TLS_KEY is "${other.tlsKey}"; it is not the key of the first certificate in TLS_CERT, "${own.tlsCert}"`,
  );
});
