import { Link } from '@tanstack/react-router';
import { can, useSession } from '../api/session.js';

/** A link to the form for a new run; with the inputs of an earlier one, if given. */
export function StartLink({ workflow, from, isMain = false }: { workflow: string; from?: string; isMain?: boolean }) {
  const { data: session } = useSession();
  const mayRun = can(session, 'submit');
  const word = from === undefined ? 'Run…' : 'New run…';
  const look = isMain ? 'button primary' : 'button';
  if (!mayRun) {
    return (
      <button type="button" className={look} disabled title="Needs a token with the scope submit">
        {word}
      </button>
    );
  }
  return (
    <Link
      to="/workflows/$id/run"
      params={{ id: workflow }}
      search={from === undefined ? {} : { from }}
      className={look}
      title={from === undefined ? undefined : 'A new run with the inputs of this one'}
    >
      {word}
    </Link>
  );
}
