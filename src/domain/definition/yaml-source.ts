import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { bareObject } from '../json.js';
import { limits } from '../limits.js';
import { type Place, pathOf } from './place.js';
import { type SourceObject, type SourceResult, type SourceValue, type TextProblem, WrittenNumber } from './source.js';

/** Reads a YAML 1.2 text (core schema: `on` and `yes` are texts). Aliases are followed, within limits. */
export function readYamlSource(text: string, depthMax: number): SourceResult {
  const document = parseDocument(text, {
    // The library compares each key with all before it; the reader below uses a set.
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  // The library recurses, and reports a stack overflow as a series of syntax errors.
  const tooDeep = document.errors.find((error) => error.message.includes('call stack'));
  if (tooDeep !== undefined) {
    const message = `more than ${depthMax} lists and maps inside each other`;
    return { ok: false, problems: [{ message, path: [], offset: 0 }] };
  }
  const problems = document.errors.map((error) => ({
    message: syntaxMessage(error.code, error.message),
    path: [],
    offset: error.pos[0],
  }));
  if (problems.length > 0) return { ok: false, problems };
  const reader = new YamlReader(text, depthMax);
  const root = document.contents as Node | null;
  const value = root === null ? null : reader.read(root, 0);
  if (reader.stopped) return { ok: false, problems: reader.problems };
  return {
    ok: true,
    source: { value, problems: reader.problems, locate: (places) => places.map((place) => reader.locate(root, place)) },
  };
}

function syntaxMessage(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; a file holds one workflow';
  if (code === 'TAB_AS_INDENT') return 'not valid YAML: indent with spaces, not with tabs';
  return `not valid YAML: ${message.replace(/\.$/, '').replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase())}`;
}

class YamlReader {
  readonly problems: TextProblem[] = [];
  /** Set when there is no usable value. */
  stopped = false;
  readonly #text: string;
  readonly #depthMax: number;
  readonly #anchors = new Map<string, Node>();
  /** The target of each alias; anchors may be reused, so the last one before the alias counts. */
  readonly #targets = new Map<Node, Node>();
  readonly #open = new Set<Node>();
  readonly #path: (string | number)[] = [];
  #insideAliases = 0;
  #aliasedValues = 0;
  #aliasedChars = 0;

  constructor(text: string, depthMax: number) {
    this.#text = text;
    this.#depthMax = depthMax;
  }

  read(node: Node, depth: number): SourceValue {
    if (this.stopped) return null;
    if (this.#insideAliases > 0 && ++this.#aliasedValues > limits.yamlAliasedValues) {
      return this.#stop(`the aliases stand for more than ${limits.yamlAliasedValues} values`, node);
    }
    if (isAlias(node)) return this.#readAlias(node, node.source, depth);
    const { anchor, tag } = node as Scalar;
    if (anchor !== undefined && this.#insideAliases === 0) this.#anchors.set(anchor, node);
    // Values of the core schema have no tag here, unless one is written.
    if (tag !== undefined && !tag.startsWith('tag:yaml.org,2002:'))
      this.#add(unknownTag(tag), node, tagStart(this.#text, node, tag));
    if (isScalar(node)) return this.#readScalar(node);
    if (depth >= this.#depthMax)
      return this.#stop(`more than ${this.#depthMax} lists and maps inside each other`, node);
    this.#open.add(node);
    const value = isSeq(node)
      ? this.#readList(node.items as (Node | null)[], depth)
      : this.#readMap(node as YAMLMap, depth);
    this.#open.delete(node);
    return value;
  }

  /** Offset of a place; of the value itself for a part of it that cannot be found. */
  locate(root: Node | null, place: Place | null): number | null {
    let node = root;
    let offset = startOf(root);
    const path = pathOf(place);
    for (const [index, key] of path.entries()) {
      if (isAlias(node)) node = this.#targets.get(node) ?? null;
      if (isSeq(node) && typeof key === 'number') node = (node.items[key] as Node | null) ?? null;
      else if (isMap(node)) {
        // The last of equal keys wins.
        const pair = node.items.findLast((item) => isScalar(item.key) && item.key.value === key);
        const keyStart = startOf((pair?.key as Node | undefined) ?? null);
        if (pair === undefined) return offset;
        offset = keyStart;
        if (place?.part === 'key' && index === path.length - 1) return keyStart;
        node = pair.value as Node | null;
      } else return offset;
      offset = startOf(node) ?? offset;
    }
    return offset === null || place === null ? offset : offset + this.#intoText(node, offset, place.offset);
  }

  /**
   * A scalar's text appears in the file unchanged, unless it is escaped or folded: then the offset of its beginning is
   * used.
   */
  #intoText(node: Node | null, offset: number, into: number): number {
    if (into === 0 || !isScalar(node) || typeof node.value !== 'string') return 0;
    const head = node.value.slice(0, into);
    const quote = this.#text[offset] === '"' || this.#text[offset] === "'" ? 1 : 0;
    if (this.#text.startsWith(head, offset + quote)) return quote + into;
    return node.type === 'BLOCK_LITERAL' ? this.#intoBlock(head, offset) - offset : 0;
  }

  /** The lines of a literal block follow its `|`, each indented like the first. */
  #intoBlock(head: string, offset: number): number {
    const newlines = head.split('\n');
    let lineStart = this.#text.indexOf('\n', offset) + 1;
    const indent = /^ */.exec(this.#text.slice(lineStart))?.[0].length ?? 0;
    for (let line = 1; line < newlines.length; line++) lineStart = this.#text.indexOf('\n', lineStart) + 1;
    return lineStart + indent + (newlines.at(-1)?.length ?? 0);
  }

  #readAlias(node: Node, name: string, depth: number): SourceValue {
    const target = this.#insideAliases > 0 ? this.#targets.get(node) : this.#anchors.get(name);
    if (target === undefined) {
      this.#add(`the alias "*${name}" has no anchor "&${name}" before it`, node);
      return null;
    }
    if (this.#open.has(target))
      return this.#stop(`the alias "*${name}" stands for a value that it is itself a part of`, node);
    this.#targets.set(node, target);
    this.#insideAliases++;
    const value = this.read(target, depth);
    this.#insideAliases--;
    return value;
  }

  #readScalar(node: Scalar): SourceValue {
    const { value, source } = node;
    if (this.#insideAliases > 0) this.#aliasedChars += source?.length ?? 0;
    if (this.#aliasedChars > limits.jobsChars) {
      return this.#stop(`the aliases stand for more than ${limits.jobsChars} characters`, node);
    }
    if (typeof value === 'number') {
      return source === undefined || source === String(value) ? value : new WrittenNumber(value, source);
    }
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (value === undefined) return null;
    this.#add('this value is neither text, number, boolean nor null', node);
    return null;
  }

  #readList(items: readonly (Node | null)[], depth: number): SourceValue[] {
    return items.map((item, index) => {
      this.#path.push(index);
      // `[a: 1]` holds a pair, which is a map of one.
      const value = item === null ? null : this.read(item, depth + 1);
      this.#path.pop();
      return value;
    });
  }

  #readMap(node: YAMLMap, depth: number): SourceObject {
    const object = bareObject<SourceValue>();
    const keys = new Set<string>();
    for (const pair of node.items) {
      const key = keyText(pair.key);
      const keyNode = pair.key as Node;
      if (key === null) {
        this.#add('a key must be text', keyNode);
        continue;
      }
      this.#path.push(key);
      if (keys.has(key)) this.#add(`the key ${JSON.stringify(key)} appears twice`, keyNode);
      keys.add(key);
      const value = pair.value as Node | null;
      object[key] = value === null ? null : this.read(value, depth + 1);
      this.#path.pop();
    }
    return object;
  }

  #stop(message: string, node: Node): null {
    if (!this.stopped) this.problems.push({ message, path: [...this.#path], offset: startOf(node) ?? 0 });
    this.stopped = true;
    return null;
  }

  #add(message: string, node: Node, offset = startOf(node) ?? 0): void {
    // A node is read again for each alias of it, but its mistakes are reported only once.
    if (this.#insideAliases > 0) return;
    this.problems.push({ message, path: [...this.#path], offset });
  }
}

function unknownTag(tag: string): string {
  return `the tag "${tag}" is not supported; put a text that begins with "!" in quotes`;
}

/** A node's range begins after its tag. */
function tagStart(text: string, node: Node, tag: string): number {
  const start = startOf(node) ?? 0;
  const found = text.lastIndexOf(tag, start);
  return found >= 0 ? found : start;
}

function keyText(key: unknown): string | null {
  return isScalar(key) && typeof key.value === 'string' ? key.value : null;
}

function startOf(node: Node | null): number | null {
  return node?.range?.[0] ?? null;
}
