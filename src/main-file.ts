/** The file that Node runs as this program. */
export const mainFile = new URL('./main.js', import.meta.url);
