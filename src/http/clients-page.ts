import type { ClientPackages } from './client-packages.js';

/** A client library as an archive. */
export interface ClientPackage {
  readonly package: string;
  readonly version: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Lists the client libraries, with the commands that install them from the server at an address. */
export function clientsPage({ typescript, python, go, rust }: ClientPackages, address: string): string {
  const server = address === '' ? 'http://SERVER' : address;
  const sections = [
    section('TypeScript, JavaScript', typescript, `npm install ${server}/clients/${typescript.file}`),
    section('Python', python, `pip install ${server}/clients/${python.file}`),
    section('Go', go, goCommand(go, server)),
    section('Rust', rust, cargoCommands(rust, server)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clients · workflow-graph</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { padding: .75rem; overflow-x: auto; border: 1px solid; border-radius: 4px }
</style>
</head>
<body>
<h1>Clients</h1>
<p>Libraries of this server’s version, and the commands that install them from here. What they depend on comes from the usual
registry of each language. <a href="SHA256SUMS">SHA256SUMS</a> has the checksums.</p>
${sections.join('\n')}
<h2>Shell jobs</h2>
<p>They need no library: the standalone worker is one file for Node 20 or later.</p>
<pre>curl -fsSLO ${server}/worker.mjs
SERVER_URL=${server} node worker.mjs</pre>
</body>
</html>
`;
}

/** The checksum of the module is in no public database, and the other modules come from the proxies after this one. */
function goCommand({ package: module, version }: ClientPackage, server: string): string {
  return `export GONOSUMDB=${module} GOPROXY=${server}/go,$(go env GOPROXY)\ngo get ${module}@v${version}`;
}

function cargoCommands({ package: crate, version }: ClientPackage, server: string): string {
  const index = `export CARGO_REGISTRIES_WORKFLOW_GRAPH_INDEX=sparse+${server}/cargo/`;
  return `${index}\ncargo add --registry workflow-graph ${crate}@${version}`;
}

function section(language: string, { package: name, version, file, bytes, sha256 }: ClientPackage, commands: string) {
  return `<h2>${language}</h2>
<p>${name} ${version}: <a href="${file}#sha256=${sha256}">${file}</a>, ${Math.ceil(bytes / 1000)} kB</p>
<pre>${commands}</pre>`;
}
