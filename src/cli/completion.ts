import { Argument, Command } from 'commander';
import type { Client } from '#client';
import { escapeLine } from '../telemetry/escape-controls.js';
import { completeWords, type Sources } from './complete-words.js';
import { addHelp } from './help.js';
import { printLines, printText } from './print.js';
import { summaries } from './summaries.js';

/**
 * Each calls the program, which prints `word<TAB>description` lines, and a line `:files` when paths are possible too.
 */
const scripts = {
  bash: `_workflow_graph() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then compopt -o default 2>/dev/null
    else COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(workflow-graph complete-words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _workflow_graph workflow-graph
`,
  zsh: `#compdef workflow-graph
_workflow_graph() {
  local line files=0
  local -a found
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1
    else found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <(workflow-graph complete-words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe 'workflow-graph' found
  (( files )) && _files
}
if [[ $funcstack[1] == _workflow_graph ]]; then _workflow_graph "$@"; else compdef _workflow_graph workflow-graph; fi
`,
  fish: `function __workflow_graph_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (workflow-graph complete-words -- $words[2..-1] 2>/dev/null)
    if test "$line" = ':files'
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c workflow-graph -f -a '(__workflow_graph_complete)'
`,
} as const;

/** `workflow-graph completion`: prints the completion script of a shell. */
export function completionCommand(): Command {
  const command = new Command('completion')
    .description(summaries.completion)
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => printText(scripts[shell]));
  return addHelp(command, {
    about: [
      'The scripts complete commands, options and files, and the workflows, runs and jobs of the server at SERVER_URL when ' +
        'it answers within a second.',
    ],
    examples: [
      'source <(workflow-graph completion bash)   # or add this to ~/.bashrc',
      `workflow-graph completion zsh > "\${fpath[1]}/_workflow-graph"`,
      'workflow-graph completion fish \\\n      > ~/.config/fish/completions/workflow-graph.fish',
    ],
  });
}

/** The command that the scripts call. */
export function completeWordsCommand(root: Command): Command {
  return new Command('complete-words')
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const { candidates, files } = await completeWords(root, words.length === 0 ? [''] : words, serverSources());
      const lines = candidates.map(({ word, description }) => `${escapeLine(word)}\t${escapeLine(description)}`);
      await printLines([...lines, ...(files ? [':files'] : [])]);
    });
}

/** Completion must not make a user wait longer. */
const timeoutMs = 1_000;

/** Runs that are offered. */
const runsMax = 20;

/** Names from the server; none when it does not answer, or when the token may not read. */
function serverSources(): Sources {
  const ask = async <T>(work: (client: Client) => Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      const { Client } = await import('#client');
      const token = process.env.WORKFLOW_GRAPH_TOKEN;
      const serverUrl = process.env.SERVER_URL;
      const client = new Client({ timeoutMs, ...(serverUrl ? { serverUrl } : {}), ...(token ? { token } : {}) });
      return await work(client).finally(() => client.close());
    } catch {
      return [];
    }
  };
  const workflows = () =>
    ask(async (client) => (await client.workflows()).map(({ id, name }) => ({ word: id, description: name })));
  return {
    workflows,
    async runs() {
      const runs = await ask(async (client) =>
        (await client.runs({ limit: runsMax })).runs.map(({ run_id, workflow, state }) => ({
          word: run_id,
          description: `${workflow}, ${state}`,
        })),
      );
      return [...(await workflows()), ...runs];
    },
    jobs: (run) =>
      ask(async (client) =>
        (await client.status(run)).jobs.map(({ id, status }) => ({ word: id, description: status })),
      ),
  };
}
