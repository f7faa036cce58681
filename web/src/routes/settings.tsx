import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { signOut, useSession } from '../api/session.js';
import { basePath } from '../api/transport.js';
import { formatExact } from '../parts/format.js';
import { type Preferences, preferences, usePreferences } from '../parts/preferences.js';
import { useTitle } from '../parts/use-title.js';
import { Sessions } from '../tokens/sessions.js';
import styles from './settings.module.css';

export function SettingsPage() {
  useTitle('Settings');
  const chosen = usePreferences();
  const { data: session } = useSession();
  const queries = useQueryClient();
  const leave = () => {
    queries.clear();
    location.assign(`${basePath}sign-in`);
  };
  return (
    <div className={styles.page}>
      <h1>Settings</h1>
      <section className={`card ${styles.group}`}>
        <h2>This browser</h2>
        <Choice name="theme" word="Theme" options={['system', 'light', 'dark']} value={chosen.theme} />
        <Choice name="density" word="Density" options={['comfortable', 'compact']} value={chosen.density} />
        <Choice name="keys" word="Single keys" options={['on', 'off']} value={chosen.keys} />
      </section>
      <section className={`card ${styles.group}`}>
        <h2>Sign-in</h2>
        {session === undefined ? null : !session.tokensRequired ? (
          <p>This server needs no token: everyone who reaches its port may do everything.</p>
        ) : session.tokenName === undefined ? (
          <Link to="/sign-in" search={{}} className="button primary">
            Sign in
          </Link>
        ) : (
          <>
            <p>
              Signed in with the token <strong>{session.tokenName}</strong>, which may {session.scopes.join(', ')}.
              {session.sessionExpiresAtMs === undefined
                ? ''
                : ` Until ${formatExact(Number(session.sessionExpiresAtMs))}.`}
            </p>
            <button
              type="button"
              className="button"
              onClick={async () => {
                await signOut();
                leave();
              }}
            >
              Sign out
            </button>
            <Sessions onEndedCurrent={leave} />
          </>
        )}
      </section>
    </div>
  );
}

function Choice<Name extends 'theme' | 'density' | 'keys'>({
  name,
  word,
  options,
  value,
}: {
  name: Name;
  word: string;
  options: readonly Preferences[Name][];
  value: Preferences[Name];
}) {
  return (
    <fieldset className={styles.choice}>
      <legend>{word}</legend>
      <div>
        {options.map((option) => (
          <label key={option}>
            <input
              type="radio"
              name={name}
              checked={option === value}
              onChange={() => preferences.set({ [name]: option })}
            />
            {option}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
