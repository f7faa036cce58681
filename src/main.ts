import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Beside the compiled code, which only its owner writes, and not in the system's temporary folder, where anybody may
// put a file first. Where this folder cannot be written, every start compiles anew.
enableCompileCache(fileURLToPath(new URL('../.compile-cache', import.meta.url)));

const { program } = await import('./cli/program.js');
await (await program(process.argv.slice(2))).parseAsync(process.argv);
