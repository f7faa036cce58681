import { readFile } from 'node:fs/promises';
import { Option } from 'commander';

/** `--ca-file`, of every command that talks to a server. */
export function caFileOption(): Option {
  return new Option('--ca-file <file>', 'PEM file with the certificate authority of an https server').env(
    'WORKFLOW_GRAPH_CA_FILE',
  );
}

/** The certificates in a file. Errors: it holds none, or cannot be read. */
export async function readCertificates(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Error(`--ca-file: ${error.message}`);
  });
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`--ca-file: ${file} holds no certificate (PEM)`);
  return text;
}
