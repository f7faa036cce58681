import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useId, useState } from 'react';
import { signIn, useSession } from '../api/session.js';
import { live } from '../live/client.js';
import { Empty } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import styles from './sign-in.module.css';

/**
 * Accepts the token once and sends it in a body. The browser keeps a cookie that no script can read, never the token.
 */
export function SignInPage() {
  useTitle('Sign in');
  const { next = '/' } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data: session } = useSession();
  const [problem, setProblem] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const id = useId();

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setIsBusy(true);
    setProblem('');
    try {
      await signIn(String(form.get('token') ?? '').trim(), form.get('stay') === 'on');
      await queries.resetQueries();
      live.retry();
      await navigate({ href: next, replace: true });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setIsBusy(false);
    }
  }

  if (session?.tokensRequired === false) {
    return (
      <Empty title="No sign-in is needed">
        <p>This server has no tokens: everyone who reaches its port may do everything.</p>
      </Empty>
    );
  }
  return (
    <form className={`card ${styles.form}`} onSubmit={submit}>
      <h1>Sign in</h1>
      <p className={styles.quiet}>
        With an access token of this server. One that may only read is enough to look around; make one with{' '}
        <code>workflow-graph token create</code>.
      </p>
      <label htmlFor={`${id}-token`}>Token</label>
      <input
        id={`${id}-token`}
        name="token"
        type="password"
        className="field"
        autoComplete="current-password"
        required
        aria-invalid={problem !== ''}
        aria-describedby={`${id}-problem`}
      />
      <p id={`${id}-problem`} className={styles.problem} role="alert">
        {problem}
      </p>
      <label className={styles.stay}>
        <input type="checkbox" name="stay" /> Stay signed in for 30 days
      </label>
      <button type="submit" className="button primary" disabled={isBusy}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
