/** What all pages share: where we are, the cart, and what is to be said. */
import { effect, signal } from "@preact/signals";

import { api, ensureSession, said, type Schemas, session } from "./api";

/** `#/products/mug?colour=red` → path and query. */
function here(): { path: string; query: URLSearchParams } {
  const [path = "/", query = ""] = location.hash.slice(1).split("?");
  return { path: path || "/", query: new URLSearchParams(query) };
}

export const route = signal(here());
addEventListener("hashchange", () => {
  const before = route.value.path;
  route.value = here();
  notice.value = null;
  if (route.value.path !== before) scrollTo(0, 0);
});

export function go(path: string, query?: URLSearchParams): void {
  location.hash = query?.size ? `${path}?${query}` : path;
}

export const cart = signal<Schemas["Cart"] | null>(null);
export const notice = signal<{ kind: "done" | "failed"; text: string } | null>(null);

/** Act, and say why if it is refused. */
export async function attempt(act: () => Promise<void>): Promise<void> {
  notice.value = null;
  try {
    await act();
  } catch (error) {
    notice.value = { kind: "failed", text: error instanceof Error ? error.message : String(error) };
  }
}

export async function loadCart(): Promise<void> {
  cart.value = session.value ? said(await api.GET("/api/v1/cart/")) : null;
}

export async function addToCart(product_id: string, variant_id: string | null, quantity: number): Promise<void> {
  await ensureSession();
  said(await api.POST("/api/v1/cart/items/", { body: { product_id, variant_id, quantity } }));
  await loadCart();
  notice.value = { kind: "done", text: "It is in your cart." };
}

// Another person, another cart; renewing a session changes nothing.
let whose: string | undefined;
effect(() => {
  const now = session.value?.user.id;
  if (now === whose) return;
  whose = now;
  void loadCart().catch(() => undefined);
});

const formats = new Map<string, Intl.NumberFormat>();

/** An amount as people write it; the shop sends text such as "12.50", which no rounding has touched. */
export function money(amount: string, currency: string): string {
  const format = formats.get(currency) ?? new Intl.NumberFormat(undefined, { style: "currency", currency });
  formats.set(currency, format);
  return format.format(Number(amount));
}
