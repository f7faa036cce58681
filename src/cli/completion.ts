import { Client } from '@workflow-graph/client';
import { Argument, Command } from 'commander';
import { completeWords, type Sources } from './complete-words.js';
import { harmlessLine } from './terminal/harmless.js';

const examples = `
The workflows, runs and jobs of the server at SERVER_URL are completed too, when it answers within a second.

Examples:
  $ source <(workflow-graph completion bash)                          # this shell; put it into ~/.bashrc for all
  $ workflow-graph completion zsh > "\${fpath[1]}/_workflow-graph"
  $ workflow-graph completion fish > ~/.config/fish/completions/workflow-graph.fish`;

/** Each asks the program itself, which prints `word<TAB>description` lines, and a line `:files` when paths fit too. */
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

/** `workflow-graph completion`: prints what a shell needs to complete command lines. */
export function completionCommand(): Command {
  return new Command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    .addHelpText('after', examples)
    .action((shell: keyof typeof scripts) => void process.stdout.write(scripts[shell]));
}

/** What the scripts call. */
export function completeWordsCommand(root: Command): Command {
  return new Command('complete-words')
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const { candidates, files } = await completeWords(root, words.length === 0 ? [''] : words, serverSources());
      const lines = candidates.map(({ word, description }) => `${harmlessLine(word)}\t${harmlessLine(description)}`);
      process.stdout.write([...lines, ...(files ? [':files'] : [])].map((line) => `${line}\n`).join(''));
    });
}

/** How long a person waits for a completion. */
const timeoutMs = 1_000;

/** How many runs are offered. */
const runsMax = 20;

/** What the server knows; nothing when it does not answer, or does not let this caller look. */
function serverSources(): Sources {
  const ask = async <T>(work: (client: Client) => Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
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
