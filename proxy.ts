import { type NextRequest, NextResponse } from "next/server";

const cookieNames = ["authjs.session-token", "__Secure-authjs.session-token"];

/**
 * Sends whoever brings no sign-in cookie to the sign-in page, and tells pages their own path. Only a courtesy: what a
 * cookie is worth is decided by every page and procedure against the console's database.
 */
export function proxy(request: NextRequest) {
  const { pathname, search } = request.nextUrl;
  const here = `${pathname}${search}`;
  const known = request.cookies
    .getAll()
    .some(({ name }) => cookieNames.some((wanted) => name === wanted || name.startsWith(`${wanted}.`)));
  if (!known) {
    const to = request.nextUrl.clone();
    to.pathname = "/sign-in";
    to.search = here === "/" ? "" : new URLSearchParams({ callbackUrl: here }).toString();
    return NextResponse.redirect(to);
  }
  const headers = new Headers(request.headers);
  headers.set("x-console-path", here);
  return NextResponse.next({ request: { headers } });
}

export const config = {
  matcher: ["/((?!api/|_next/|sign-in|forbidden|unavailable|fonts/|.*\\.(?:ico|png|svg|txt|woff2|webmanifest)$).*)"],
};
