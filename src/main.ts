import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Beside the compiled code, which only its owner writes, and not in the system's temporary folder, where anyone may put
// a file first. If this folder is not writable, every start compiles again.
enableCompileCache(fileURLToPath(new URL('../.compile-cache', import.meta.url)));

const { endWithParent } = await import('./cli/end-with-parent.js');
endWithParent();
const { program } = await import('./cli/program.js');
await (await program(process.argv.slice(2))).parseAsync(process.argv);
