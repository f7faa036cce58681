import { Link, useLocation } from '@tanstack/react-router';
import { Empty } from './states.js';

export function SignedOut() {
  const { href } = useLocation();
  return (
    <Empty title="Sign in to see this page">
      <p>This server asks for a token. One that may only read is enough to look.</p>
      <Link to="/sign-in" search={{ next: href }} className="button primary">
        Sign in
      </Link>
    </Empty>
  );
}
