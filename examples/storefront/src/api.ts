/** The typed client of the shop, and the session that it speaks for. Types come from the shop's OpenAPI document. */
import { signal } from "@preact/signals";
import createClient from "openapi-fetch";

import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
type Session = Pick<Schemas["SignedIn"], "access" | "refresh" | "user">;

const KEPT = "pgshop-session";
export const session = signal<Session | null>(JSON.parse(localStorage.getItem(KEPT) ?? "null") as Session | null);

export function keep(found: Session | null): void {
  session.value = found;
  if (found) localStorage.setItem(KEPT, JSON.stringify(found));
  else localStorage.removeItem(KEPT);
}

/** Seconds until an access token ends, by its own words. */
function secondsLeft(access: string): number {
  const claims = JSON.parse(atob((access.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"))) as { exp: number };
  return claims.exp - Date.now() / 1000;
}

let renewing: Promise<void> | null = null;

/** An access token lasts 15 minutes: renew it shortly before, once for all requests that wait. */
async function renew(refresh: string): Promise<void> {
  const { data, response } = await bare.POST("/api/v1/auth/refresh/", { body: { refresh } });
  if (data && session.value) keep({ ...session.value, ...data });
  else if (response.status === 401) keep(null);
}

/** Without a session; for renewing one. */
const bare = createClient<paths>();
export const api = createClient<paths>();

api.use({
  async onRequest({ request }) {
    if (session.value && secondsLeft(session.value.access) < 30) {
      renewing ??= renew(session.value.refresh).finally(() => (renewing = null));
      await renewing;
    }
    if (session.value) request.headers.set("Authorization", `Bearer ${session.value.access}`);
    return request;
  },
  onResponse({ response }) {
    // Signed out elsewhere, or a changed password: this session is over.
    if (response.status === 401 && session.value && !response.url.includes("/auth/")) keep(null);
  },
});

/** Whoever puts something into a cart without an account is a guest, with a session like everybody's. */
export async function ensureSession(): Promise<void> {
  if (!session.value) keep(said(await bare.POST("/api/v1/auth/guest/")));
}

export class Refused extends Error {
  constructor(readonly problem: Schemas["Error"]) {
    // Of a form it is told which field is wrong, in a list for each: {"email": ["Enter a valid address."]}.
    const fields = problem.details && typeof problem.details === "object" ? Object.values(problem.details) : [];
    const words = fields.filter(Array.isArray).flat().filter((word): word is string => typeof word === "string");
    super(words.length ? words.join(" ") : problem.message);
  }
}

/** What was answered. Throws Refused with the shop's own words. */
export function said<Data>(answer: { data?: Data; error?: unknown }): Data {
  if (answer.data === undefined) {
    const unknown = { code: "unknown", message: "The shop does not answer.", details: null, hint: null };
    throw new Refused(answer.error ? (answer.error as Schemas["Error"]) : unknown);
  }
  return answer.data;
}
