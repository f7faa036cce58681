/** The version of this package, as package.json says it; a test holds them equal. */
export const VERSION = '0.1.0';
