// Makes a clone ready to run: installs far less than the tests need.
import { setUp } from './set-up.js';

await setUp({ withTools: false });
