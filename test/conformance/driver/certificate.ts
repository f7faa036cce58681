import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** A certificate for this machine, its key, and the issuing authority. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly authorityFile: string;
}

let made: Certificate | null = null;

/** One for all scenarios of this run. The driver trusts it from then on; each scenario decides who else does. */
export function ownCertificate(): Certificate {
  made ??= makeCertificate();
  return made;
}

function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-tls-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl(
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=conformance authority'],
    ...['-keyout', file('authority.key'), '-out', file('authority.pem')],
  );
  openssl('req', ...newKey, '-subj', '/CN=localhost', '-keyout', file('key.pem'), '-out', file('request.pem'));
  writeFileSync(file('extensions'), 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl(
    ...[
      'x509',
      '-req',
      '-in',
      file('request.pem'),
      '-days',
      '2',
      '-extfile',
      file('extensions'),
      '-out',
      file('cert.pem'),
    ],
    ...['-CA', file('authority.pem'), '-CAkey', file('authority.key'), '-CAcreateserial'],
  );
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(file('authority.pem'), 'utf8')]);
  return { certFile: file('cert.pem'), keyFile: file('key.pem'), authorityFile: file('authority.pem') };
}
