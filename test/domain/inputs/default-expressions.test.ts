// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../src/domain/definition/parse-definition.js';
import { DomainError } from '../../../src/domain/errors.js';
import { resolveInputs } from '../../../src/domain/inputs/resolve-inputs.js';
import { formatProblem } from '../../../src/domain/problem.js';

function parsed(input: string) {
  return parseDefinition(`inputs: { x: ${input} }\njobs: { a: { run: y } }`, 'yaml', 'ci.yml');
}

function resolved(input: string, vars: Record<string, string> = {}, given: Record<string, string> = {}) {
  const result = parsed(input);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  const context = { vars: new Map(Object.entries(vars)), scheduledAt: '2026-01-01T00:30:00Z' };
  return Object.fromEntries(resolveInputs(result.definition.inputs ?? [], new Map(Object.entries(given)), [], context));
}

function fault(input: string, vars: Record<string, string> = {}): string {
  try {
    resolved(input, vars);
  } catch (error) {
    if (error instanceof DomainError) return error.message;
    throw error;
  }
  return '';
}

describe('a default with expressions', () => {
  it('is evaluated when a run starts without the input', () => {
    const region = '{ default: "${{ vars.REGION }}-1" }';
    expect(resolved(region, { REGION: 'eu' })).toEqual({ x: 'eu-1' });
    expect(resolved(region, { REGION: 'eu' }, { x: 'us' })).toEqual({ x: 'us' });
    expect(resolved('{ default: "${{ run.scheduled_at }}" }')).toEqual({ x: '2026-01-01T00:30:00Z' });
    expect(resolved('{ type: number, default: "${{ vars.N }}" }', { N: '1e2' })).toEqual({ x: '100' });
    expect(resolved('{ type: json, default: "${{ fromJSON(vars.LIST) }}" }', { LIST: '[1, 2]' })).toEqual({
      x: '[1,2]',
    });
  });

  it('that yields null counts as no default, and a required input is then missing', () => {
    expect(resolved('{ default: "${{ vars.REGION }}" }')).toEqual({});
    expect(fault('{ required: true, default: "${{ vars.REGION }}" }')).toContain('input "x" is required');
  });

  it('that the input does not accept is an error of the start', () => {
    expect(fault('{ type: choice, options: [a, b], default: "${{ vars.X }}" }', { X: 'c' })).toContain(
      'input "x" has a default that ',
    );
    expect(fault('{ default: "${{ fromJSON(vars.X) }}" }', { X: '{' })).toContain(
      'input "x" has a default without a value: ',
    );
  });

  it.each(['inputs.y', 'run.id', 'needs.a.result', 'vars'])('cannot read %s', (what) => {
    const result = parsed(`{ default: "\${{ ${what} }}" }`);
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      expect.stringMatching(/^ci\.yml:1:\d+: input "x": "default" at character \d+: /),
    ]);
  });

  it('names the variables that a run keeps, and a literal ${{ is written with $$', () => {
    const result = parsed('{ default: "${{ vars.REGION }}" }');
    expect(result.ok && result.definition.variables).toEqual(['REGION']);
    expect(resolved('{ default: "$${{ x }}" }')).toEqual({ x: '${{ x }}' });
  });
});
