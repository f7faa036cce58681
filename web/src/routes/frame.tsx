import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useSession } from '../api/session.js';
import { basePath } from '../api/transport.js';
import { KeyHelp } from '../keys/key-help.js';
import { useKeys } from '../keys/use-keys.js';
import { useConnection } from '../live/client.js';
import { usePalette } from '../palette/use-palette.js';
import { ConnectionNote } from '../parts/connection-note.js';
import { preferences, usePreferences } from '../parts/preferences.js';
import { SignedOut } from '../parts/signed-out.js';
import styles from './frame.module.css';

const Palette = lazy(async () => ({ default: (await import('../palette/palette.js')).Palette }));

const places = [
  { to: '/', word: 'Overview', exact: true },
  { to: '/runs', word: 'Runs', exact: false },
  { to: '/workflows', word: 'Workflows', exact: false },
  { to: '/queue', word: 'Queue', exact: false },
  { to: '/workers', word: 'Workers', exact: false },
] as const;

export function Frame() {
  const [showsKeys, setShowsKeys] = useState(false);
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { data: session } = useSession();
  useKeys({
    '?': () => setShowsKeys(true),
    'g o': () => navigate({ to: '/' }),
    'g r': () => navigate({ to: '/runs' }),
    'g w': () => navigate({ to: '/workflows' }),
    'g q': () => navigate({ to: '/queue' }),
    'g k': () => navigate({ to: '/workers' }),
    '/': () => document.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
  });
  const palette = usePalette();
  const connection = useConnection();
  const queries = useQueryClient();
  useEffect(() => {
    // The token was revoked, or the session has ended: the session reports it, and the page shows it.
    if (connection.kind === 'signed-out') void queries.invalidateQueries({ queryKey: ['session'] });
  }, [connection.kind, queries]);
  const mustSignIn = session?.tokensRequired === true && session.scopes.length === 0;
  const isSigningIn = pathname.endsWith('/sign-in');
  return (
    <div className={styles.frame}>
      <a href={`${basePath}${pathname.slice(1)}#content`} className={styles.skip} onClick={skipToContent}>
        Skip to the content
      </a>
      <header className={styles.bar}>
        <Link to="/" className={styles.brand}>
          <img src={`${basePath}icon.svg`} alt="" width="22" height="22" />
          workflow-graph
        </Link>
        <nav className={styles.places} aria-label="Pages">
          {places.map(({ to, word, exact }) => (
            <Link key={to} to={to} activeOptions={{ exact, includeSearch: false }} className={styles.place}>
              {word}
            </Link>
          ))}
        </nav>
        <div className={styles.end}>
          <button type="button" className={styles.find} onClick={palette.open}>
            <span aria-hidden="true">⌕</span>
            <span className="hidden-text">Go to</span>
            <kbd>Ctrl K</kbd>
          </button>
          <ConnectionNote />
          <ThemeButton />
          <Link to="/settings" className={styles.who} title="Settings and sign-in">
            {session?.tokenName ?? (session?.tokensRequired === true ? 'Signed out' : 'Settings')}
          </Link>
        </div>
      </header>
      <main id="content" tabIndex={-1} className={styles.content}>
        {mustSignIn && !isSigningIn ? <SignedOut /> : <Outlet />}
      </main>
      <footer className={styles.foot}>
        <span>workflow-graph {session?.version ?? ''}</span>
        <a href={`${basePath}manual/`}>Manual</a>
        <a href={`${basePath}docs`}>API</a>
        <Link to="/audit" search={{}}>
          Audit
        </Link>
        <Link to="/tokens">Tokens</Link>
        <button type="button" className={styles.plain} onClick={() => setShowsKeys(true)}>
          Keys <kbd>?</kbd>
        </button>
        {session !== undefined && !session.tokensRequired ? (
          <span>No tokens: everyone who reaches this port may do everything.</span>
        ) : null}
      </footer>
      {palette.isOpen ? (
        <Suspense fallback={null}>
          <Palette onClose={palette.close} />
        </Suspense>
      ) : null}
      <KeyHelp open={showsKeys} onClose={() => setShowsKeys(false)} />
    </div>
  );
}

function skipToContent(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function ThemeButton() {
  const { theme } = usePreferences();
  const next = { system: 'dark', dark: 'light', light: 'system' } as const;
  const signs = { system: '◐', dark: '●', light: '○' } as const;
  return (
    <button
      type="button"
      className={styles.icon}
      aria-label={`Theme: ${theme}. Change to ${next[theme]}`}
      title={`Theme: ${theme}`}
      onClick={() => preferences.set({ theme: next[theme] })}
    >
      {signs[theme]}
    </button>
  );
}
