// Makes a clone ready to run: far less to install than what its tests need.
import { setUp } from './set-up.js';

await setUp({ withTools: false });
