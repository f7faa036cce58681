import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../package-root.js';
import type { BasePath } from './base-path.js';
import { callerAddress } from './caller-address.js';
import { type ClientPackage, clientsPage } from './clients-page.js';
import { etagOf } from './etag.js';
import { sendFile } from './send-file.js';
import { sendWithEtag } from './send-with-etag.js';

/** The packages that scripts/build-clients.js built. */
export interface ClientPackages {
  readonly typescript: ClientPackage;
  readonly python: ClientPackage;
  readonly go: ClientPackage & { readonly mod: string };
  readonly rust: ClientPackage & { readonly index: string };
}

const folder = new URL('dist/clients/', packageRoot);
const config = { policy: 'public' } as const;

/**
 * The client libraries of this server's version, for the package managers of their languages: files below `/clients/`,
 * which npm and pip install by their addresses; a Go module proxy at `/go`; a cargo registry at `/cargo`. They are
 * public for the same reasons as `workerFileRoutes`. A server without a build has none of them.
 */
export async function clientPackageRoutes(app: FastifyInstance, basePathOf: BasePath): Promise<void> {
  const packages = await readPackages();
  if (packages === null) return;
  const all = [packages.typescript, packages.python, packages.go, packages.rust];
  app.get('/clients', { config }, (_request, reply) => reply.redirect('clients/'));
  app.get('/clients/', { config }, (request, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
      .send(clientsPage(packages, callerAddress(request, basePathOf))),
  );
  const checksums = all.map(({ sha256, file }) => `${sha256}  ${file}\n`).join('');
  app.get('/clients/SHA256SUMS', { config }, (request, reply) =>
    sendWithEtag(etagOf(checksums), request, reply, 'text/plain; charset=utf-8', checksums),
  );
  for (const { file } of all) {
    app.get(`/clients/${file}`, { config }, (_request, reply) =>
      sendFile(reply, new URL(file, folder), 'application/octet-stream'),
    );
  }
  goProxy(app, packages.go);
  cargoRegistry(app, packages.rust, basePathOf);
}

async function readPackages(): Promise<ClientPackages | null> {
  const text = await readFile(new URL('clients.json', folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as ClientPackages);
}

/**
 * https://go.dev/ref/mod#goproxy-protocol. It has one module: for any other the Go command gets a 404 and uses the next
 * proxy.
 */
function goProxy(app: FastifyInstance, { package: module, version, file, mod }: ClientPackages['go']): void {
  const at = `/go/${module}/@v`;
  const info = { Version: `v${version}` };
  app.get(`${at}/list`, { config }, (_request, reply) => reply.type('text/plain; charset=utf-8').send(`v${version}\n`));
  app.get(`/go/${module}/@latest`, { config }, (_request, reply) => reply.send(info));
  app.get(`${at}/v${version}.info`, { config }, (_request, reply) => reply.send(info));
  app.get(`${at}/v${version}.mod`, { config }, (_request, reply) => reply.type('text/plain; charset=utf-8').send(mod));
  app.get(`${at}/v${version}.zip`, { config }, (_request, reply) =>
    sendFile(reply, new URL(file, folder), 'application/zip'),
  );
}

/**
 * https://doc.rust-lang.org/cargo/reference/registry-index.html, by the sparse protocol. The dependencies of the crate
 * are on crates.io.
 */
function cargoRegistry(app: FastifyInstance, { package: crate, index }: ClientPackages['rust'], basePathOf: BasePath) {
  app.get('/cargo/config.json', { config }, (request, reply) =>
    reply.send({ dl: `${callerAddress(request, basePathOf)}/clients/{crate}-{version}.crate` }),
  );
  app.get(`/cargo/${crate.slice(0, 2)}/${crate.slice(2, 4)}/${crate}`, { config }, (request, reply) =>
    sendWithEtag(etagOf(index), request, reply, 'text/plain; charset=utf-8', `${index}\n`),
  );
}
