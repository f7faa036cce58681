/** How long the clean-up jobs of a run have at least, from the cancel of a run that has a timeout. Then they are cancelled too. */
export const cleanUpMs = 10 * 60 * 1000;
