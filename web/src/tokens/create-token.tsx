import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { describeFailure } from '../api/errors.js';
import { tokens } from '../api/transport.js';
import { CopyButton } from '../parts/copy-button.js';
import { Dialog } from '../parts/dialog.js';
import styles from './tokens.module.css';

const scopes = [
  ['read', 'view everything'],
  ['submit', 'create, start, re-run and cancel'],
  ['worker', 'claim jobs and report on them'],
  ['admin', 'everything, including tokens'],
] as const;

const lifetimes = [
  ['', 'never'],
  ['86400', 'in a day'],
  ['2592000', 'in 30 days'],
  ['7776000', 'in 90 days'],
  ['31536000', 'in a year'],
] as const;

/** Asks for a token's name and rights, and shows its secret once. Only the dialog's own state holds the secret. */
export function CreateToken({ isFirst, onClose }: { isFirst: boolean; onClose: () => void }) {
  const form = useId();
  const [chosen, setChosen] = useState<readonly string[]>(isFirst ? ['admin'] : ['read']);
  const create = useMutation({ gcTime: 0, mutationFn: (data: FormData) => tokens.createToken(wishOf(data, chosen)) });
  if (create.data !== undefined) return <Secret token={create.data.token} isFirst={isFirst} onClose={onClose} />;
  return (
    <Dialog
      open
      title="New token"
      onClose={onClose}
      problem={create.isError ? describeFailure(create.error).sentence : ''}
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
          <button
            type="submit"
            form={form}
            className="button primary"
            disabled={chosen.length === 0 || create.isPending}
          >
            Create the token
          </button>
        </>
      }
    >
      <form
        id={form}
        className={styles.form}
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          create.mutate(new FormData(event.currentTarget));
        }}
      >
        <label>
          Name
          <input name="name" required maxLength={200} autoComplete="off" placeholder="who or what uses it" />
        </label>
        <fieldset>
          <legend>It may</legend>
          {scopes.map(([scope, meaning]) => (
            <label key={scope} className={styles.scope}>
              <input
                type="checkbox"
                checked={chosen.includes(scope)}
                disabled={isFirst && scope === 'admin'}
                onChange={({ target }) =>
                  setChosen(target.checked ? [...chosen, scope] : chosen.filter((one) => one !== scope))
                }
              />
              <span>
                <strong>{scope}</strong>: {meaning}
              </span>
            </label>
          ))}
        </fieldset>
        {chosen.includes('worker') ? (
          <>
            <label>
              Labels that its workers may have
              <input name="labels" autoComplete="off" placeholder="any, or: gpu, linux" />
            </label>
            <label className={styles.scope}>
              <input type="checkbox" name="only-labelled" />
              <span>Its workers get only jobs that require a label</span>
            </label>
          </>
        ) : null}
        <label>
          Expires
          <select name="lifetime" defaultValue={isFirst ? '' : '7776000'}>
            {lifetimes.map(([secs, word]) => (
              <option key={secs} value={secs}>
                {word}
              </option>
            ))}
          </select>
        </label>
      </form>
    </Dialog>
  );
}

function Secret({ token, isFirst, onClose }: { token: string; isFirst: boolean; onClose: () => void }) {
  return (
    <Dialog
      open
      title="Copy the token now"
      onClose={onClose}
      actions={
        <button type="button" className="button primary" onClick={onClose}>
          I have copied it
        </button>
      }
    >
      <p>The server keeps only a hash, so it cannot show the token again.</p>
      <div className={styles.secret}>
        <code data-testid="secret">{token}</code>
        <CopyButton text={token} />
      </div>
      {isFirst ? <p>From now on every call needs a token. Sign in with this one.</p> : null}
    </Dialog>
  );
}

function wishOf(data: FormData, scopes: readonly string[]) {
  const text = (name: string) => String(data.get(name) ?? '');
  const labels = text('labels')
    .split(/[\s,]+/)
    .filter((label) => label !== '');
  const lifetime = text('lifetime');
  return {
    name: text('name'),
    scopes: [...scopes],
    hasLabelLimit: labels.length > 0,
    labels,
    onlyLabelled: data.get('only-labelled') === 'on',
    ...(lifetime === '' ? {} : { expiresInSecs: Number(lifetime) }),
  };
}
