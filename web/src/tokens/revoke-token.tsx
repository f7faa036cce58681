import { useMutation } from '@tanstack/react-query';
import { describeFailure } from '../api/errors.js';
import { tokens } from '../api/transport.js';
import { Dialog } from '../parts/dialog.js';
import { visible } from '../parts/format.js';

/** Asks for confirmation: a revoked token cannot be restored. */
export function RevokeToken({
  token,
  isOwn,
  onClose,
}: {
  token: { readonly id: string; readonly name: string };
  isOwn: boolean;
  onClose: () => void;
}) {
  const revoke = useMutation({ mutationFn: () => tokens.revokeToken({ tokenId: token.id }), onSuccess: onClose });
  return (
    <Dialog
      open
      title={`Revoke ${visible(token.name, 80)}?`}
      onClose={onClose}
      problem={revoke.isError ? describeFailure(revoke.error).sentence : ''}
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            Keep it
          </button>
          <button type="button" className="button danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke the token
          </button>
        </>
      }
    >
      <p>
        The server refuses calls with it within a second, and signs out the browsers that signed in with it. It cannot
        be restored.
      </p>
      {isOwn ? (
        <p>
          <strong>You are signed in with this token.</strong>
        </p>
      ) : null}
    </Dialog>
  );
}
