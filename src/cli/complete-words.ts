import type { Command, Option } from 'commander';

/** A possible next word. */
interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** Names that only the server knows. */
export interface Sources {
  /** Workflows and newest runs. */
  runs(): Promise<readonly Candidate[]>;
  workflows(): Promise<readonly Candidate[]>;
  jobs(run: string): Promise<readonly Candidate[]>;
}

/** The candidates for the last word of a command line; `files`: any path too. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly files: boolean;
}

/**
 * Completes the last of some words, which follow the program's name; it may be empty.
 *
 * It never runs anything: it follows the words through the tree of commands.
 */
export async function completeWords(root: Command, words: readonly string[], sources: Sources): Promise<Completion> {
  const typed = words.at(-1) ?? '';
  const { command, given, pending } = walk(root, words.slice(0, -1));
  const found = await whatMayCome(command, given, pending, typed, sources);
  return { ...found, candidates: found.candidates.filter(({ word }) => word.startsWith(typed)) };
}

/** The command that the words lead to, its arguments so far, and the option that still needs its value. */
function walk(root: Command, words: readonly string[]) {
  let command = root;
  let pending: Option | null = null;
  let given: string[] = [];
  // Bash breaks `--state=failure` at the equals sign.
  for (const word of words.filter((each) => each !== '=')) {
    if (pending !== null) {
      pending = null;
    } else if (word.startsWith('-')) {
      const option = optionOf(command, word);
      if (option?.required && !word.includes('=')) pending = option;
    } else {
      const child = given.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (child === undefined) given = [...given, word];
      else command = child;
    }
  }
  return { command, given, pending };
}

async function whatMayCome(
  command: Command,
  given: readonly string[],
  pending: Option | null,
  typed: string,
  sources: Sources,
): Promise<Completion> {
  if (pending !== null) return valuesOf(pending, sources);
  if (typed.startsWith('-')) return { candidates: optionsOf(command), files: false };
  const children = command.createHelp().visibleCommands(command);
  if (given.length === 0 && children.length > 0) {
    return {
      candidates: children.map((child) => ({ word: child.name(), description: firstSentence(child.description()) })),
      files: false,
    };
  }
  const arguments_ = command.registeredArguments;
  const last = arguments_.at(-1);
  const argument = arguments_[given.length] ?? (last?.variadic ? last : undefined);
  if (argument === undefined) return { candidates: optionsOf(command), files: false };
  if (argument.argChoices !== undefined) return words(argument.argChoices);
  switch (argument.name()) {
    case 'run':
      return { candidates: await sources.runs(), files: false };
    case 'job':
      return { candidates: await sources.jobs(given[0] ?? ''), files: false };
    case 'workflow':
      return { candidates: /[/.]/.test(typed) ? [] : await sources.workflows(), files: true };
    default:
      return { candidates: [], files: argument.name() === 'file' };
  }
}

async function valuesOf(option: Option, sources: Sources): Promise<Completion> {
  if (option.argChoices !== undefined) return words(option.argChoices);
  if (option.long === '--workflow') return { candidates: await sources.workflows(), files: false };
  return { candidates: [], files: /<(file|dir|value)>/.test(option.flags) };
}

function optionOf(command: Command, word: string): Option | undefined {
  const name = word.split('=', 1)[0];
  return command.options.find((option) => option.long === name || option.short === name);
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({ word: option.long ?? option.short ?? '', description: firstSentence(option.description) }));
}

function words(choices: readonly string[]): Completion {
  return { candidates: choices.map((word) => ({ word, description: '' })), files: false };
}

function firstSentence(text: string): string {
  return text.split(/[.;\n]/, 1)[0] ?? '';
}
