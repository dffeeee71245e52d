/** Any text without the user and password that an address inside it may carry; for logs of errors we did not write. */
export const withoutCredentials = (text: string): string =>
  text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, "$1(hidden)@");
