import type { Token } from '../../gen/workflowgraph/v1/token_service_pb.js';
import { serverNow } from '../parts/clock.js';
import { Ago } from '../parts/duration.js';
import { formatExact, visible } from '../parts/format.js';
import styles from './tokens.module.css';

export function isValid({ revokedAtMs, expiresAtMs }: Token): boolean {
  return revokedAtMs === undefined && (expiresAtMs === undefined || Number(expiresAtMs) > serverNow());
}

export function TokenRow({ token, isOwn, onRevoke }: { token: Token; isOwn: boolean; onRevoke: () => void }) {
  const { name, scopes, hasLabelLimit, labels, onlyLabelled, lastUsedAtMs } = token;
  const valid = isValid(token);
  return (
    <li className={styles.row} data-row="" data-ended={valid ? undefined : ''}>
      <span className={styles.name}>
        {visible(name, 120)}
        {isOwn ? <span className={styles.own}>yours</span> : null}
      </span>
      <span className={styles.scopes}>
        {scopes.map((scope) => (
          <span key={scope} className={styles.tag}>
            {scope}
          </span>
        ))}
      </span>
      <span className={styles.limits}>
        {hasLabelLimit ? `only ${labels.length === 0 ? 'no label' : visible(labels.join(', '), 120)}` : ''}
        {onlyLabelled ? `${hasLabelLimit ? '; ' : ''}labelled jobs only` : ''}
      </span>
      <span className={styles.used}>
        {lastUsedAtMs === undefined ? (
          'never used'
        ) : (
          <>
            used <Ago ms={Number(lastUsedAtMs)} />
          </>
        )}
      </span>
      <span className={styles.ends}>{endOf(token, valid)}</span>
      <span className={styles.act}>
        {valid ? (
          <button type="button" className="button" onClick={onRevoke} aria-label={`Revoke ${visible(name, 120)}`}>
            Revoke…
          </button>
        ) : null}
      </span>
    </li>
  );
}

function endOf({ revokedAtMs, expiresAtMs }: Token, valid: boolean): React.ReactNode {
  if (revokedAtMs !== undefined)
    return (
      <>
        revoked <Ago ms={Number(revokedAtMs)} />
      </>
    );
  if (expiresAtMs === undefined) return 'never expires';
  if (!valid)
    return (
      <>
        expired <Ago ms={Number(expiresAtMs)} />
      </>
    );
  return `until ${formatExact(Number(expiresAtMs))}`;
}
