import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Config, ConfigError } from '../config.js';
import type { TlsFiles } from './listener.js';

/**
 * The certificate chain and key of the settings; null without TLS.
 *
 * @throws ConfigError that names the setting, when a file cannot be read, has the wrong content, or when the key
 * belongs to another certificate.
 */
export async function readTlsFiles({ tlsCert, tlsKey }: Pick<Config, 'tlsCert' | 'tlsKey'>): Promise<TlsFiles | null> {
  if (tlsCert === null || tlsKey === null) return null;
  const [cert, key] = await Promise.all([read('TLS_CERT', tlsCert), read('TLS_KEY', tlsKey)]);
  const certificate = parsed('TLS_CERT', tlsCert, 'a certificate', () => new X509Certificate(cert));
  const privateKey = parsed('TLS_KEY', tlsKey, 'a private key without a passphrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ConfigError(
      `TLS_KEY is "${tlsKey}"; it is not the key of the first certificate in TLS_CERT, "${tlsCert}"`,
    );
  }
  return { cert, key };
}

async function read(setting: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ConfigError(`${setting} is "${file}", which cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function parsed<T>(setting: string, file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ConfigError(`${setting} is "${file}"; it must hold ${what}, in PEM form: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
