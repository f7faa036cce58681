import { expect, it } from 'vitest';
import { readTraceparent } from '../../src/domain/traceparent.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

it.each([
  [`00-${trace}-${span}-01`, `00-${trace}-${span}-01`],
  [`00-${trace}-${span}-00`, `00-${trace}-${span}-00`],
  // Other flags have no meaning here; a later version may append fields.
  [`00-${trace}-${span}-03`, `00-${trace}-${span}-01`],
  [`cc-${trace}-${span}-02-what the future holds`, `00-${trace}-${span}-00`],
  [null, null],
  ['', null],
  [`ff-${trace}-${span}-01`, null],
  [`00-${trace}-${span}-01-more`, null],
  [`00-${trace}-${span}`, null],
  [`00-${trace.toUpperCase()}-${span}-01`, null],
  [`00-${'0'.repeat(32)}-${span}-01`, null],
  [`00-${trace}-${'0'.repeat(16)}-01`, null],
  [`00-${trace.slice(1)}-${span}-01`, null],
])('the header %s is read as %s', (header, read) => {
  expect(readTraceparent(header)).toBe(read);
});
