import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useRef, useState } from 'react';
import { can, useSession } from '../api/session.js';
import { visible } from '../parts/format.js';
import { Command } from './command.js';
import { DeclaredField } from './declared-field.js';
import { type Declared, firstTexts, inputsOf } from './fields.js';
import { FreeFields, freeInputs, givenInputs } from './free-fields.js';
import { Outlook } from './outlook.js';
import styles from './start-form.module.css';
import { useStart } from './use-start.js';

/** The inputs of a new run: a field for each declared one, or names and texts if none are declared. */
export function StartForm({
  workflow,
  version,
  declared,
  from,
  given,
}: {
  workflow: string;
  version: number;
  /** Null if the definition declares no inputs and accepts any. */
  declared: readonly Declared[] | null;
  /** The run that this one repeats; null for none. */
  from: string | null;
  /** The inputs that it had. */
  given: Readonly<Record<string, string>>;
}) {
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const { data: session } = useSession();
  const [texts, setTexts] = useState(() => firstTexts(declared ?? [], given));
  const [free, setFree] = useState(() => freeInputs(given));
  const [warned, setWarned] = useState<{ runId: string; warning: string } | null>(null);
  const { start, refusal, isBusy } = useStart();
  const mayRun = can(session, 'submit');
  const inputs = declared === null ? givenInputs(free) : inputsOf(declared, texts);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    // A run without inputs that repeats another gets the inputs of that one.
    const isRepeat = from !== null && Object.keys(inputs).length > 0;
    const names = declared?.map(({ name }) => name) ?? [];
    const answer = await start(isRepeat ? from : workflow, inputs, names);
    if (answer === null) {
      setTimeout(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    } else if (answer.warning !== undefined && answer.warning !== '') {
      setWarned({ runId: answer.runId, warning: answer.warning });
    } else await navigate({ to: '/runs/$run', params: { run: answer.runId }, search: {} });
  }

  if (warned !== null) {
    return (
      <div className={styles.notice} role="status">
        <p>{visible(warned.warning, 1_000)}</p>
        <Link to="/runs/$run" params={{ run: warned.runId }} search={{}}>
          Open the run
        </Link>
      </div>
    );
  }
  return (
    <form ref={form} onSubmit={submit} className={styles.page}>
      <div className={`card ${styles.form}`}>
        {declared === null ? (
          <>
            <p className={styles.sub}>The definition declares no inputs. Jobs get whatever you add, as texts.</p>
            <FreeFields inputs={free} onChange={setFree} />
          </>
        ) : declared.length === 0 ? (
          <p className={styles.sub}>This workflow takes no inputs.</p>
        ) : (
          declared.map((input) => (
            <DeclaredField
              key={input.name}
              input={input}
              text={texts[input.name] ?? ''}
              problem={refusal.fields[input.name] ?? ''}
              onChange={(text) => setTexts({ ...texts, [input.name]: text })}
            />
          ))
        )}
      </div>
      <Outlook workflow={workflow} version={version} />
      <p className={styles.problem} role="alert">
        {visible(refusal.rest, 2_000)}
      </p>
      <div className={styles.actions}>
        <button
          type="submit"
          className="button primary"
          disabled={!mayRun || isBusy}
          title={mayRun ? undefined : 'Needs a token with the scope submit'}
        >
          {isBusy ? 'Starting…' : 'Start the run'}
        </button>
        {mayRun ? null : <span className={styles.sub}>It needs a token with the scope submit.</span>}
      </div>
      <Command workflow={workflow} inputs={inputs} />
    </form>
  );
}
