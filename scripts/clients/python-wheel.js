import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { zip } from '../archives/zip.js';
import { clientsFolder, filesIn } from './sources.js';

const folder = join(clientsFolder, 'python');

/**
 * The package as pip installs it (https://packaging.python.org/specifications/binary-distribution-format): its modules
 * unchanged, and the metadata from pyproject.toml. A server can thus offer it without Python.
 */
export function pythonWheel() {
  const { project, tool } = parse(readFileSync(join(folder, 'pyproject.toml'), 'utf8'));
  const version = versionOf(tool.hatch.version);
  const distribution = project.name.replaceAll('-', '_');
  const info = `${distribution}-${version}.dist-info`;
  const modules = filesIn(join(folder, 'src'), (path) => /\.pyi?$|\/py\.typed$/.test(path));
  const files = [
    ...modules,
    file(`${info}/METADATA`, metadata(project, version)),
    file(`${info}/WHEEL`, 'Wheel-Version: 1.0\nGenerator: workflow-graph\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
    file(`${info}/entry_points.txt`, entryPoints(project.scripts)),
    ...project['license-files'].map((path) => file(`${info}/licenses/${path}`, readFileSync(join(folder, path)))),
  ];
  return {
    package: project.name,
    version,
    file: `${distribution}-${version}-py3-none-any.whl`,
    content: zip([...files, file(`${info}/RECORD`, record(files, `${info}/RECORD`))]),
  };
}

const file = (path, content) => ({ path, content: Buffer.from(content) });

/** Hatch finds the version by a Python pattern with a group. */
function versionOf({ path, pattern }) {
  const found = new RegExp(pattern.replace('(?P<', '(?<')).exec(readFileSync(join(folder, path), 'utf8'));
  return found.groups.version;
}

function metadata(project, version) {
  const lines = [
    'Metadata-Version: 2.4',
    `Name: ${project.name}`,
    `Version: ${version}`,
    `Summary: ${project.description}`,
    `License-Expression: ${project.license}`,
    ...project['license-files'].map((path) => `License-File: ${path}`),
    `Keywords: ${project.keywords.join(',')}`,
    ...project.classifiers.map((classifier) => `Classifier: ${classifier}`),
    `Requires-Python: ${project['requires-python']}`,
    ...project.dependencies.map((dependency) => `Requires-Dist: ${dependency}`),
    'Description-Content-Type: text/markdown',
  ];
  return `${lines.join('\n')}\n\n${readFileSync(join(folder, project.readme), 'utf8')}`;
}

function entryPoints(scripts) {
  const lines = Object.entries(scripts).map(([name, target]) => `${name} = ${target}`);
  return `[console_scripts]\n${lines.join('\n')}\n`;
}

/** The checksum of each file except the list itself. */
function record(files, itself) {
  const lines = files.map(
    ({ path, content }) => `${path},sha256=${hash('sha256', content, 'base64url')},${content.length}`,
  );
  return `${[...lines, `${itself},,`].join('\n')}\n`;
}
