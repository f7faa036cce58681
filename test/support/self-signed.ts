import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A self-signed certificate for this machine and its key, as files in a folder. */
export function selfSigned(folder: string, name = 'own'): { readonly tlsCert: string; readonly tlsKey: string } {
  const files = { tlsCert: join(folder, `${name}-cert.pem`), tlsKey: join(folder, `${name}-key.pem`) };
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-keyout', files.tlsKey, '-out', files.tlsCert, '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    { stdio: 'ignore' },
  );
  return files;
}
