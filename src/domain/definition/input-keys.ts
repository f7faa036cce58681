import { inputTypes } from '../inputs/declaration.js';
import { limits } from '../limits.js';
import type { KeyRow } from './key-row.js';
import { script, wholeNumber } from './value-schemas.js';

/** One declaration under `inputs`. */
export const inputKeys: ReadonlyMap<string, KeyRow> = new Map<string, KeyRow>([
  ['type', { meaning: 'What it holds; a string when absent.', schema: { enum: [...inputTypes] } }],
  ['description', { meaning: 'What it is for.', schema: { ...script, maxLength: limits.inputDescriptionChars } }],
  ['required', { meaning: 'Whether a run needs it; false when absent.', schema: { type: 'boolean' } }],
  [
    'default',
    {
      meaning: `What it is when a run is started without it; a text may have \`\${{ vars.NAME }}\` and \`\${{ run.scheduled_at }}\` in it.`,
      schema: {},
    },
  ],
  [
    'options',
    {
      meaning: 'Of a choice: what it may be.',
      schema: {
        type: 'array',
        items: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
        minItems: 1,
        maxItems: limits.inputOptions,
        uniqueItems: true,
      },
    },
  ],
  ['min', { meaning: 'Of a number: the least that it may be.', schema: { type: 'number' } }],
  ['max', { meaning: 'Of a number: the most that it may be.', schema: { type: 'number' } }],
  ['integer', { meaning: 'Of a number: whether it must be whole.', schema: { type: 'boolean' } }],
  [
    'max_length',
    { meaning: 'Of a string: how many characters it may have.', schema: wholeNumber(1, limits.inputValueBytes) },
  ],
]);
