import { useId } from 'react';
import { InputType } from '../../gen/workflowgraph/v1/inputs_pb.js';
import { visible } from '../parts/format.js';
import { type Declared, expected } from './fields.js';
import styles from './start-form.module.css';

/** The field of a declared input, with its description and its problem. */
export function DeclaredField({
  input,
  text,
  problem,
  onChange,
}: {
  input: Declared;
  text: string;
  problem: string;
  onChange: (text: string) => void;
}) {
  const id = useId();
  const hint = [input.description ?? '', expected(input)].filter((part) => part !== '');
  const shared = {
    id,
    name: input.name,
    value: text,
    'aria-invalid': problem !== '',
    'aria-required': input.required,
    'aria-describedby': `${id}-hint ${id}-problem`,
    onChange: ({ target }: { target: { value: string } }) => onChange(target.value),
  };
  return (
    <div className={styles.field}>
      <label htmlFor={id}>
        {visible(input.name, 100)}
        {input.required && input.default === undefined ? <span className={styles.required}>required</span> : null}
      </label>
      <Control input={input} shared={shared} />
      <p id={`${id}-hint`} className={styles.hint}>
        {hint.map((part) => (
          <span key={part}>{visible(part, 1_000)}</span>
        ))}
        {input.default === undefined || input.default === text ? null : (
          <button type="button" className={styles.reset} onClick={() => onChange(input.default ?? '')}>
            back to {input.default === '' ? 'the empty text' : visible(input.default, 60)}
          </button>
        )}
      </p>
      <p id={`${id}-problem`} className={styles.problem}>
        {visible(problem, 600)}
      </p>
    </div>
  );
}

interface Shared {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly onChange: (event: { target: { value: string } }) => void;
}

function Control({ input, shared }: { input: Declared; shared: Shared }) {
  const { type, options, default: usual } = input;
  if (type === InputType.CHOICE || type === InputType.BOOLEAN) {
    const choices = type === InputType.BOOLEAN ? ['true', 'false'] : options;
    const isOwn = shared.value === '' || choices.includes(shared.value);
    return (
      <select className="field" {...shared}>
        {usual === undefined || !isOwn ? <option value="">{input.required ? 'Choose…' : 'not given'}</option> : null}
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {visible(choice, 200)}
          </option>
        ))}
      </select>
    );
  }
  if (type === InputType.JSON || shared.value.includes('\n')) {
    return <textarea className={`field mono ${styles.area}`} rows={4} spellCheck={false} {...shared} />;
  }
  return (
    <input
      type="text"
      className="field"
      inputMode={type === InputType.NUMBER ? 'decimal' : 'text'}
      autoComplete="off"
      {...shared}
    />
  );
}
