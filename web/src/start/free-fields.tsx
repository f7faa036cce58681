import { useRef } from 'react';
import styles from './start-form.module.css';

/** An input of a workflow without declarations. */
export interface FreeInput {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

/** Names and texts, any number of them. */
export function FreeFields({
  inputs,
  onChange,
}: {
  inputs: readonly FreeInput[];
  onChange: (inputs: readonly FreeInput[]) => void;
}) {
  const list = useRef<HTMLUListElement>(null);
  const change = (key: number, to: Partial<FreeInput>) =>
    onChange(inputs.map((input) => (input.key === key ? { ...input, ...to } : input)));
  const add = () => {
    onChange([...inputs, { key: Math.max(0, ...inputs.map(({ key }) => key)) + 1, name: '', value: '' }]);
    // The row is rendered first.
    setTimeout(() => list.current?.querySelector<HTMLInputElement>('li:last-child input')?.focus());
  };
  return (
    <>
      <ul ref={list} className={styles.free} aria-label="Inputs">
        {inputs.map(({ key, name, value }, n) => (
          <li key={key}>
            <input
              className="field"
              aria-label={`Name of input ${n + 1}`}
              placeholder="name"
              autoComplete="off"
              spellCheck={false}
              value={name}
              onChange={({ target }) => change(key, { name: target.value })}
            />
            <input
              className="field"
              aria-label={`Value of ${name === '' ? `input ${n + 1}` : name}`}
              placeholder="value"
              autoComplete="off"
              value={value}
              onChange={({ target }) => change(key, { value: target.value })}
            />
            <button
              type="button"
              className="button"
              aria-label={`Remove ${name === '' ? `input ${n + 1}` : name}`}
              onClick={() => onChange(inputs.filter((input) => input.key !== key))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className={`button ${styles.add}`} onClick={add}>
        Add an input
      </button>
    </>
  );
}

export function freeInputs(given: Readonly<Record<string, string>>): readonly FreeInput[] {
  return Object.entries(given).map(([name, value], key) => ({ key, name, value }));
}

/** The request: rows without a name are left out. */
export function givenInputs(inputs: readonly FreeInput[]): Readonly<Record<string, string>> {
  return Object.fromEntries(inputs.flatMap(({ name, value }) => (name === '' ? [] : [[name, value] as const])));
}
