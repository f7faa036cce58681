import { program } from './cli/program.js';

await (await program(process.argv.slice(2))).parseAsync(process.argv);
