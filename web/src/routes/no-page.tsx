import { Link } from '@tanstack/react-router';
import { Empty } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';

export function NoPage() {
  useTitle('No such page');
  return (
    <Empty title="There is no such page">
      <p>The address may be of another version of this server.</p>
      <Link to="/" className="button">
        Overview
      </Link>
    </Empty>
  );
}
