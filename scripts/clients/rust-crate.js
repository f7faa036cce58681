import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { tarGz } from '../archives/tar.js';
import { clientsFolder, filesIn } from './sources.js';

const folder = join(clientsFolder, 'rust');
const cratesIo = 'https://github.com/rust-lang/crates.io-index';

/**
 * The crate as cargo downloads it, and its line in the index of a registry
 * (https://doc.rust-lang.org/cargo/reference/registry-index.html).
 */
export function rustCrate() {
  const { workspace } = parse(readFileSync(join(folder, 'Cargo.toml'), 'utf8'));
  const member = join(folder, 'worker-sdk');
  const manifest = withoutWorkspace(parse(readFileSync(join(member, 'Cargo.toml'), 'utf8')), workspace);
  const { name, version } = manifest.package;
  const sources = filesIn(member, (path) => /^(?:src|examples)\/|^(?:README\.md|LICENSE)$/.test(path));
  const files = [{ path: 'Cargo.toml', content: Buffer.from(`${stringify(manifest)}\n`) }, ...sources];
  const content = tarGz(files.map(({ path, content }) => ({ path: `${name}-${version}/${path}`, content })));
  return {
    package: name,
    version,
    file: `${name}-${version}.crate`,
    content,
    index: indexLine(manifest, hash('sha256', content)),
  };
}

/** The manifest with its workspace values filled in, because the archive has no workspace. */
function withoutWorkspace({ package: own, lints: _, ...others }, workspace) {
  const values = Object.entries(own).map(([key, value]) => [
    key,
    value?.workspace === true ? workspace.package[key] : value,
  ]);
  return { package: Object.fromEntries(values), ...others, lints: workspace.lints };
}

function indexLine(manifest, checksum) {
  const { name, version } = manifest.package;
  const deps = [
    ...Object.entries(manifest.dependencies).map((entry) => dependency(entry, 'normal')),
    ...Object.entries(manifest['dev-dependencies']).map((entry) => dependency(entry, 'dev')),
  ];
  // Features with `dep:` require version 2 of the index.
  const line = {
    name,
    vers: version,
    deps,
    cksum: checksum,
    features: {},
    features2: manifest.features,
    yanked: false,
    v: 2,
  };
  return JSON.stringify({ ...line, rust_version: manifest.package['rust-version'] });
}

function dependency([name, said], kind) {
  const {
    version,
    features = [],
    optional = false,
    'default-features': withDefaults = true,
  } = typeof said === 'string' ? { version: said } : said;
  return {
    name,
    req: version,
    features,
    optional,
    default_features: withDefaults,
    target: null,
    kind,
    registry: cratesIo,
  };
}
