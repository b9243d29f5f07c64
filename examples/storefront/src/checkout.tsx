/** Address, order, payment. A key made once makes pressing twice, or a lost answer, one order. */
import { useSignal } from "@preact/signals";

import { api, said, session } from "./api";
import { Totals } from "./cart";
import { attempt, cart, go, loadCart, notice } from "./state";

// Stripe's test cards. With real keys this is the place for Stripe's own form, which create-intent's client_secret opens.
export const CARDS = { pm_card_visa: "Visa that pays", pm_card_visa_chargeDeclined: "Visa that is declined" };

/** Pay an order by card. Throws Refused when the card is declined: another may be tried. */
export async function pay(order_id: string, payment_method: string): Promise<void> {
  said(await api.POST("/api/v1/payments/confirm/", { body: { order_id, payment_method } }));
}

export function Checkout() {
  const key = useSignal(crypto.randomUUID());
  const isBusy = useSignal(false);
  const it = cart.value;
  if (!it?.items.length) return <p class="empty">Your cart is empty. <a href="#/">To the shop</a></p>;
  const isGuest = !session.value?.user.email;

  const order = async (form: FormData) => {
    const field = (name: string) => String(form.get(name) ?? "");
    const made = said(await api.POST("/api/v1/orders/", {
      params: { header: { "Idempotency-Key": key.value } },
      body: {
        shipping_address: {
          first_name: field("first_name"), last_name: field("last_name"), address_line1: field("address_line1"),
          city: field("city"), postal_code: field("postal_code"), country: field("country"),
        },
        ...(isGuest ? { email: field("email") } : {}),
      },
    }));
    // The order is there, and its page can pay it, too: a declined card loses nothing.
    go(`/orders/${made.id}`);
    await loadCart();
    try {
      await pay(made.id, field("card"));
    } catch (error) {
      notice.value = { kind: "failed", text: (error as Error).message };
    }
  };
  return (
    <form class="columns" onSubmit={(event) => {
      event.preventDefault();
      if (isBusy.value) return;
      isBusy.value = true;
      const form = new FormData(event.currentTarget);
      void attempt(() => order(form)).finally(() => {
        isBusy.value = false;
        // What was refused was no order; it is asked for anew, perhaps with another address.
        key.value = crypto.randomUUID();
      });
    }}>
      <section>
        <h1>Check out</h1>
        {isGuest && <p>You are a guest. <a href="#/sign-in">Sign in</a> and your cart comes along.</p>}
        <div class="fields">
          {isGuest && <label class="wide">E-mail<input name="email" type="email" autocomplete="email" required /></label>}
          <label>First name<input name="first_name" autocomplete="given-name" required /></label>
          <label>Last name<input name="last_name" autocomplete="family-name" required /></label>
          <label class="wide">Street and number<input name="address_line1" autocomplete="address-line1" required /></label>
          <label>Postal code<input name="postal_code" autocomplete="postal-code" required /></label>
          <label>City<input name="city" autocomplete="address-level2" required /></label>
          <label class="wide">Country<input name="country" autocomplete="country-name" required /></label>
          <label class="wide">Card
            <select name="card">{Object.entries(CARDS).map(([id, label]) => <option value={id}>{label}</option>)}</select>
          </label>
        </div>
      </section>
      <aside class="panel">
        <Totals cart={it} />
        <button class="main" disabled={isBusy.value}>{isBusy.value ? "One moment …" : "Order and pay"}</button>
      </aside>
    </form>
  );
}
