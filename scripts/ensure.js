// Makes a clone ready for its tests, linters and generators.
import { setUp } from './set-up.js';

await setUp({ withTools: true });
